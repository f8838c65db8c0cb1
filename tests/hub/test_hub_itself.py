"""Nothing of a hub runs when its tests have ended, whatever became of it."""

import os
import signal
from pathlib import Path

import pytest
from support.hub.hub import running_hub, until
from support.hub.hub_config import STUDENTS
from support.hub.leftovers import processes_of
from support.hub.programs import hub_proxy, needed

from nbexchange.demo.servers import ServerFailed, answers


def test_a_hub_that_does_not_start_says_why_and_leaves_nothing_behind(tmp_path):
    no_proxy = Path("no-such-proxy")
    with pytest.raises(ServerFailed) as failure, running_hub(tmp_path, no_proxy, managed=True):
        pass
    assert any("no-such-proxy" in note for note in failure.value.__notes__)
    assert processes_of(str(tmp_path)) == []


def test_a_hub_that_is_killed_leaves_nothing_behind(tmp_path):
    with running_hub(tmp_path, needed(hub_proxy), managed=False) as hub:
        server, exchange = hub.server(STUDENTS[0]), hub.exchange.service.url
        os.kill(hub.pid, signal.SIGKILL)
        until(lambda: hub.pid not in processes_of(str(tmp_path)), "the hub to end")
        assert server.pid in processes_of(str(tmp_path))
    assert processes_of(str(tmp_path)) == []
    assert not answers(exchange)
