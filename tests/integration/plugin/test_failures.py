"""What a person is told when the service is away, wrong or hostile; and what is never told."""

from __future__ import annotations

import errno
import socket
from pathlib import Path

import pytest
from nbgrader.exchange.abc.exchange import ExchangeError
from support.faults.impostor import impostor, taking_one
from support.faults.proxy import LOSE, proxy

from nbexchange.api.problems import DependencyUnavailable
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
from nbexchange.plugin.service.client import Client

ACTIONS = [
    ExchangeList,
    ExchangeReleaseAssignment,
    ExchangeFetchAssignment,
    ExchangeSubmit,
    ExchangeCollect,
    ExchangeReleaseFeedback,
    ExchangeFetchFeedback,
]


@pytest.fixture
def everything(desks):
    """One desk with all that any action wants to find."""
    desk = desks.teacher
    desk.write("release/ps1/p1.ipynb")
    desk.write("work/ps1/p1.ipynb")
    desk.write("feedback/ada/ps1/p1.html", "good")
    desk.write("feedback/ada/ps1/timestamp.txt", "2026-01-02 03:04:05 UTC")
    return desk


def attempt(desk, action, **config):
    assignment = "work/ps1" if action is ExchangeSubmit else "ps1"
    with pytest.raises(ExchangeError) as failure:
        desk.run(action, assignment, config={"Exchange": config})
    text = str(failure.value) + desk.text
    assert desk.token not in text
    assert "Traceback" not in text
    return str(failure.value)


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
    with impostor((status, "text/html", b"<html>Service DependencyUnavailable</html>")) as (url, _):
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


@pytest.mark.parametrize("action", ACTIONS)
def test_a_redirect_is_not_followed_with_the_token(everything, action):
    with impostor((302, "text/html", b"")) as (url, _):
        everything.url = url
        assert "HTTP 302" in attempt(everything, action)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_wrong_token_is_told_with_a_reference(everything, action):
    everything.token = "wrong-token"
    assert "token" in attempt(everything, action)
    assert "(request " in everything.text


def test_a_service_that_does_not_answer_in_time(everything):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        everything.url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert "did not answer within 0.1 seconds" in attempt(everything, ExchangeList, api_timeout=0.1)


def test_a_connection_that_breaks_off_may_have_done_its_work(released):
    """The instructor is not told that nothing was changed: the answer is lost, not the deed."""
    with proxy(released.teacher.url, lambda _: LOSE) as url:
        released.teacher.url = url
        text = attempt(released.teacher, ExchangeReleaseAssignment, force=True)
    assert "broke off before it had answered. Try again" in text
    assert "Nothing was changed" not in text


@pytest.mark.parametrize(
    "address",
    ["hub.example.org", "http://", "http://[nowhere", "ftp://hub.example.org", "-", "http://hub..org"],
)
def test_an_address_that_is_none_is_told_as_that(everything, address):
    everything.url = address
    assert "is not a web address. It has to be like https://" in attempt(everything, ExchangeList)


def test_a_token_that_ends_with_its_line_is_a_token(released):
    released.ada.token += "\n"
    assert released.ada.run(ExchangeList)


def test_a_token_that_is_none_is_told_and_not_shown(released):
    released.ada.token = "first\nsecond-half"
    text = attempt(released.ada, ExchangeList)
    assert "has characters that no token has. Restart your notebook server" in text
    assert "second-half" not in text


def test_a_token_in_curly_quotes_is_none_either(released):
    released.ada.token = "\u201csecret-part\u201d"
    text = attempt(released.ada, ExchangeList)
    assert "has characters that no token has" in text
    assert "secret-part" not in text


def test_a_service_that_was_reached_and_then_is_away_may_have_done_its_work(released):
    """It lost the first answer and refuses the second try: nobody is told that nothing was changed."""
    with taking_one() as url:
        released.teacher.url = url
        text = attempt(released.teacher, ExchangeList)
    assert "broke off before it had answered" in text
    assert "Nothing was changed" not in text


def test_a_service_that_speaks_no_tls_has_no_certificate_to_blame(released):
    with impostor((200, "text/plain", b"")) as (url, _):
        released.ada.url = url.replace("http:", "https:")
        assert "No secure connection to the exchange service at" in attempt(released.ada, ExchangeList)


def test_the_token_is_not_replaced_by_what_a_netrc_has_for_the_host(released, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert released.ada.run(ExchangeList)


def test_a_store_that_is_away_costs_nothing(submitted, store, people):
    away = store.root.with_name("away")
    store.root.rename(away)
    with pytest.raises(ExchangeError, match=r"Nothing was changed"):
        submitted.ada.run(ExchangeSubmit, "ps1")
    away.rename(store.root)
    submitted.ada.run(ExchangeSubmit, "ps1")
    assert people.ada.get("uploads").json["items"] != []
    assert len(people.teacher.submissions(student_id="ada")) == 2


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


def test_credentials_in_the_address_are_shown_to_nobody():
    lister = ExchangeList(base_service_url="https://me:hunter2@hub.example.org")
    assert lister.address == lister.root == "https://hub.example.org/services/nbexchange/"


def test_names_from_the_service_that_lead_elsewhere_are_believed_from_nobody(released):
    body = b'{"assignments": [{"course_id": "cs1", "assignment_id": "../../x"}], "server_time": "2026-01-01T00:00:00Z"}'
    with impostor((200, "application/json", body)) as (url, _):
        released.ada.url = url
        assert "does not understand" in attempt(released.ada, ExchangeFetchFeedback)


def test_an_older_plugin_class_for_credentials_is_called_with_the_exchange(released):
    seen, token = [], released.ada.token

    class Mine:
        def prep_api_call(self, path):
            seen.append((type(self).__name__, path))
            return (
                f"{self.base_service_url}/services/nbexchange/{path}",
                {"c": "1"},
                {"Authorization": f"Bearer {token}"},
            )

    released.ada.token = "unused"
    released.ada.run(ExchangeList, config={"Exchange": {"api_plugin_class": Mine}})
    assert ("ExchangeList", "v1/assignments") in seen


def test_the_service_is_found_through_the_environment(monkeypatch):
    assert ExchangeList().base_service_url == "http://127.0.0.1:9000"
    monkeypatch.setenv("NAAS_BASE_URL", "https://naas.example.org")
    assert ExchangeList().base_service_url == "https://naas.example.org"
    monkeypatch.setenv("NBEXCHANGE_URL", "https://hub.example.org")
    assert ExchangeList(base_path="/x").client.url_of("v1/me") == "https://hub.example.org/x/v1/me"


def test_a_refusal_of_one_item_has_a_reference_too(released):
    released.ada.write("ps1/p1.ipynb")
    with pytest.raises(
        ExchangeError, match=r"for somebody else\. Ask an instructor .* \(request [0-9a-f-]{36}\)"
    ):
        released.ada.run(ExchangeSubmit, "ps1", coursedir={"student_id": "ben"})


def test_a_submission_that_is_not_confirmed_is_told_to_have_arrived(released, monkeypatch):
    def away(*_):
        raise ServiceUnreachable("The exchange service cannot be reached.", "request-1")

    monkeypatch.setattr("nbexchange.plugin.service.client.Client.complete", away)
    released.ada.write("ps1/p1.ipynb")
    with pytest.raises(ExchangeError, match="Your files have arrived and count"):
        released.ada.run(ExchangeSubmit, "ps1")


def test_a_submission_that_is_not_confirmed_for_want_of_the_database_has_arrived_too(released, monkeypatch):
    def away(*_):
        raise DependencyUnavailable("database", "The database cannot be used now.")

    monkeypatch.setattr("nbexchange.api.uploads.complete.complete", away)
    released.ada.write("ps1/p1.ipynb")
    with pytest.raises(
        ExchangeError, match=r"Your files have arrived and count .* \(request [0-9a-f-]{36}\)"
    ):
        released.ada.run(ExchangeSubmit, "ps1")


@pytest.mark.parametrize("action", [ExchangeReleaseAssignment, ExchangeReleaseFeedback])
def test_nobody_is_told_that_nothing_was_changed_when_that_is_not_known(everything, monkeypatch, action):
    real = Client.complete

    def lost(*arguments):
        real(*arguments)
        raise ServiceUnreachable("The exchange service did not answer. Nothing was changed.", "request-1")

    everything.run(ExchangeReleaseAssignment, "ps1")
    monkeypatch.setattr(Client, "complete", lost)
    force = {"force": True} if action is ExchangeReleaseAssignment else {}
    text = attempt(everything, action, **force)
    assert "Nothing was changed" not in text
    assert "(request request-1)" in text


def test_ctrl_c_while_a_tree_is_replaced_keeps_the_old_one(tmp_path, monkeypatch):
    place = tmp_path / "ps1"
    place.mkdir()
    (place / "old").write_text("x")
    real, calls = Path.rename, []

    def interrupted(self, target):
        calls.append(self)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt), staged(place, replace=True) as new:
        new.mkdir()
    assert [path.name for path in tmp_path.rglob("*")] == ["ps1", "old"]


def test_a_service_that_goes_away_while_it_is_collected_from_is_told_for_each(submitted, monkeypatch):
    def away(*_):
        raise ServiceUnreachable("The exchange service cannot be reached.", "request-1")

    monkeypatch.setattr("nbexchange.plugin.service.client.Client.downloads", away)
    with pytest.raises(ExchangeError, match=r"0 new, 0 updated, 0 unchanged, 2 failed: ada, ben"):
        submitted.teacher.run(ExchangeCollect, "ps1")
