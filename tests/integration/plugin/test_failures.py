"""What a person is told when the service is away, wrong or hostile; and what is never told."""

from __future__ import annotations

import errno
import re
import socket
import time
from pathlib import Path

import pytest
from nbgrader.exchange.abc.exchange import ExchangeError
from support.faults.impostor import impostor
from support.people.classroom import attempt

from nbexchange.demo.servers import free_port
from nbexchange.plugin import (
    ExchangeCollect,
    ExchangeFetchAssignment,
    ExchangeFetchFeedback,
    ExchangeList,
    ExchangeReleaseAssignment,
    ExchangeReleaseFeedback,
    ExchangeSubmit,
)
from nbexchange.plugin.archives.trees import staged
from nbexchange.plugin.failures import ServiceUnreachable

ACTIONS = [
    ExchangeList,
    ExchangeReleaseAssignment,
    ExchangeFetchAssignment,
    ExchangeSubmit,
    ExchangeCollect,
    ExchangeReleaseFeedback,
    ExchangeFetchFeedback,
]


@pytest.mark.parametrize("action", ACTIONS)
def test_a_service_that_is_away_is_told_by_every_action(everything, action):
    everything.url = f"http://127.0.0.1:{free_port()}"
    assert "cannot be reached. Nothing was changed" in attempt(everything, action)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_page_of_a_proxy_is_no_answer(everything, action):
    with impostor((200, "text/html", b"<html>Please log in</html>")) as (url, _):
        everything.url = url
        assert "Something other than the exchange service answered at " in attempt(everything, action)


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateway_with_nobody_behind_it_is_told_as_such(everything, status):
    with impostor((status, "text/html", b"<html>Service Unavailable</html>")) as (url, _):
        everything.url = url
        assert (
            f"is not running: a proxy answered in its place at {url[7:]} (HTTP {status}). Try again"
            in attempt(everything, ExchangeList)
        )


@pytest.mark.parametrize("action", ACTIONS)
def test_an_answer_of_another_kind_is_not_understood(everything, action):
    with impostor((200, "application/json", b'{"what": "ever"}')) as (url, _):
        everything.url = url
        assert "does not understand" in attempt(everything, action)


@pytest.mark.parametrize(
    ("status", "content_type"), [(200, "application/json"), (403, "application/problem+json")]
)
def test_an_answer_of_brackets_without_end_is_not_understood(everything, status, content_type):
    with impostor((status, content_type, b'{"what": ' + b"[" * 100_000)) as (url, _):
        everything.url = url
        assert "does not understand" in attempt(everything, ExchangeList)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_redirect_is_not_followed_with_the_token(everything, action):
    with impostor((302, "text/html", b"")) as (url, _):
        everything.url = url
        assert "with a redirect (HTTP 302) to http://127.0.0.1:1/elsewhere. No redirect" in attempt(
            everything, action
        )


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("https://ada:secret@hub.example.org/x?token=secret", "https://hub.example.org/x. No redirect"),
        ("/hub/login?next=%2Fx", "/hub/login. No redirect"),
        ("http://[", "to no web address."),
    ],
)
def test_a_redirect_is_told_with_where_it_leads(everything, location, told):
    with impostor((301, "text/html", b""), {"Location": location}) as (url, _):
        everything.url = url
        said = attempt(everything, ExchangeList)
    assert told in said
    assert "secret" not in said


@pytest.mark.parametrize("action", ACTIONS)
def test_a_wrong_token_is_told_with_a_reference(everything, action):
    everything.token = "wrong-token"
    assert "token" in attempt(everything, action)
    assert "(request " in everything.text


def test_a_service_that_does_not_answer_in_time_is_told_with_the_time_that_all_tries_took(everything):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        everything.url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        started = time.monotonic()
        told = attempt(everything, ExchangeList, api_timeout=0.2)
        took = time.monotonic() - started
    seconds = float(re.search(r"did not answer within (\S+) seconds", told)[1])
    assert 0.4 <= seconds <= took + 0.05


def test_a_full_disk_is_told_and_leaves_nothing(submitted, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("nbexchange.plugin.exchange.unpack", full)
    with pytest.raises(ExchangeError, match="2 failed: ada, ben"):
        submitted.teacher.run(ExchangeCollect, "ps1")
    assert "The disk is full" in submitted.teacher.text
    assert submitted.teacher.files("submitted") == {}
    assert submitted.teacher.leftovers() == []


def test_a_defect_of_the_plugin_is_still_an_exchange_error(released, monkeypatch):
    def fail(*_):
        raise KeyError("secret detail")

    monkeypatch.setattr("nbexchange.plugin.service.client.Client.assignments", fail)
    with pytest.raises(ExchangeError, match=r"plugin failed \(KeyError\)") as failure:
        released.ada.run(ExchangeList)
    assert "secret detail" not in str(failure.value)


def test_an_answer_without_end_is_given_up(released, monkeypatch):
    monkeypatch.setattr("nbexchange.plugin.service.calls.MAX_ANSWER", 10)
    assert "sent an answer that is too long" in attempt(released.ada, ExchangeList)


def test_names_from_the_service_that_lead_elsewhere_are_believed_from_nobody(released):
    body = b'{"assignments": [{"course_id": "cs1", "assignment_id": "../../x"}], "server_time": "2026-01-01T00:00:00Z"}'
    with impostor((200, "application/json", body)) as (url, _):
        released.ada.url = url
        assert "does not understand" in attempt(released.ada, ExchangeFetchFeedback)


def test_a_refusal_of_one_item_has_a_reference_too(released):
    released.ada.write("ps1/p1.ipynb")
    with pytest.raises(
        ExchangeError, match=r"for somebody else\. Ask an instructor .* \(request [0-9a-f-]{36}\)"
    ):
        released.ada.run(ExchangeSubmit, "ps1", coursedir={"student_id": "ben"})


def test_ctrl_c_while_a_tree_is_replaced_keeps_the_old_one(tmp_path, monkeypatch):
    folder = tmp_path / "ps1"
    folder.mkdir()
    (folder / "old").write_text("x")
    real, calls = Path.rename, []

    def interrupted(self, target):
        calls.append(self)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt), staged(folder, replace=True) as new:
        new.mkdir()
    assert [path.name for path in tmp_path.rglob("*")] == ["ps1", "old"]


def test_a_service_that_goes_away_while_it_is_collected_from_is_told_for_each(submitted, monkeypatch):
    def away(*_):
        raise ServiceUnreachable("The exchange service cannot be reached.", "request-1")

    monkeypatch.setattr("nbexchange.plugin.service.client.Client.downloads", away)
    with pytest.raises(ExchangeError, match=r"0 new, 0 updated, 0 unchanged, 2 failed: ada, ben"):
        submitted.teacher.run(ExchangeCollect, "ps1")
