"""The real nbgrader command over a real service: exit statuses, and processes that are killed."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
import requests
from support.people.commands import run_nbexchange

from nbexchange.api.auth.tokens import TokenFile
from nbexchange.demo import course, servers
from nbexchange.demo.cycle import Demo, DemoFailed, make_tokens


@pytest.fixture
def demo(tmp_path):
    """The demo's people and service, before anything was done."""
    tokens = make_tokens(TokenFile(tmp_path / "service" / "data" / "tokens.json"))
    db_url = f"sqlite:///{tmp_path}/service/data/nbexchange.sqlite"
    with servers.service(tmp_path / "service", {}) as service:
        prepared = Demo(tmp_path, service, db_url, tokens)
        for person in ("instructor", "alice", "bob"):
            course.configuration(prepared.home(person))
        release = prepared.home("instructor") / "release" / "ps1"
        release.mkdir(parents=True)
        (release / "p1.ipynb").write_text("{}")
        yield prepared


def test_exit_statuses_say_what_happened(demo):
    """0 for what was done, 1 for what was not, and no traceback for either."""
    demo.nbgrader("instructor", "release_assignment", "ps1")
    with pytest.raises(DemoFailed, match="add --force to overwrite") as failure:
        demo.nbgrader("instructor", "release_assignment", "ps1")
    assert "Traceback" not in str(failure.value)
    demo.nbgrader("instructor", "release_assignment", "ps1", "--force")
    with pytest.raises(DemoFailed, match="Only an instructor of cs101"):
        (demo.home("alice") / "release" / "ps2").mkdir(parents=True)
        demo.nbgrader("alice", "release_assignment", "ps2")
    with pytest.raises(DemoFailed, match="not released in cs101"):
        (demo.home("alice") / "other").mkdir()
        demo.nbgrader("alice", "submit", "other")


def test_a_service_that_is_killed_between_put_and_complete_loses_nothing(demo):
    demo.nbgrader("instructor", "release_assignment", "ps1")
    (demo.home("alice") / "ps1").mkdir()
    (demo.home("alice") / "ps1" / "p1.ipynb").write_text("{}")
    # A client that dies before it completes: the process ends at the call.
    script = (
        "import os, sys; from nbexchange.plugin.service.client import Client; "
        "Client.complete = lambda *_: os.kill(os.getpid(), 9); "
        "sys.argv = ['nbgrader', 'submit', 'ps1']; from nbgrader.apps import NbGraderApp; "
        "NbGraderApp.launch_instance()"
    )
    died = subprocess.run(
        [sys.executable, "-c", script],
        cwd=demo.home("alice"),
        env=demo.environment("alice"),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL
    os.killpg(demo.service.server.pid, signal.SIGKILL)
    demo.service.server.wait()
    port = int(demo.service.url.rpartition(":")[2])
    with servers.service(demo.folder / "service", {}, port=port):
        headers = {"Authorization": f"token {demo.tokens['alice']}"}
        url = f"{demo.service.base_url}v1/uploads"
        (pending,) = requests.get(url, headers=headers, timeout=10).json()["items"]
        let_urls_run_out(demo)
        assert (
            run_nbexchange(demo.folder / "service", "gc").stdout
            == "1 submissions completed, 0 uploads expired, 0 objects deleted, 0 purged uploads forgotten\n"
        )
        answer = requests.post(f"{url}/complete", json={"ids": [pending["id"]]}, headers=headers, timeout=10)
        assert answer.json()["items"][0]["record"]["attempt"] == 1


def let_urls_run_out(demo):
    with (
        closing(sqlite3.connect(demo.folder / "service" / "data" / "nbexchange.sqlite")) as database,
        database,
    ):
        database.execute("UPDATE upload SET url_expires_at = '2026-01-01 00:00:00.000000'")
