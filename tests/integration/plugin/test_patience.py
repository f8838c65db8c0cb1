"""An action outlasts a restart of the service or of the store; nothing waits for ever, and some things not at all."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from nbgrader.exchange.abc.exchange import ExchangeError
from support.faults.impostor import impostor
from support.people.classroom import collected, give_feedback

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
from nbexchange.plugin.failures import ServiceUnreachable, StorageFailed, TransferFailed
from nbexchange.plugin.service import patience
from nbexchange.plugin.service.client import Client
from nbexchange.plugin.service.patience import Patience
from nbexchange.plugin.transfer.storage import Storage

WAITING = "is away: trying again for up to 60 seconds. Nothing is done twice."
AWAY = ServiceUnreachable("It is away.", passes_soon=True)


@pytest.fixture
def clock(monkeypatch):
    """A clock that only waiting moves on; what happens meanwhile is in `meanwhile`."""
    state = SimpleNamespace(now=0.0, pauses=[], meanwhile=lambda: None)

    def sleep(seconds):
        state.now += seconds
        state.pauses.append(seconds)
        state.meanwhile()

    monkeypatch.setattr(patience, "monotonic", lambda: state.now)
    monkeypatch.setattr(patience, "sleep", sleep)
    monkeypatch.setattr("nbexchange.plugin.settings.RETRY_SECONDS", 60)
    return state


def gap(monkeypatch, kind, method, failure, length=1):
    """The next calls of a method fail, `length` of them."""
    real, failures = getattr(kind, method), [failure] * length

    def fail(*arguments, **options):
        if failures:
            raise failures.pop()
        return real(*arguments, **options)

    monkeypatch.setattr(kind, method, fail)


# --- what is outlasted -------------------------------------------------------------------------------------


def test_a_submission_outlasts_a_service_that_is_not_there(released, clock):
    """It was started again meanwhile, at the address that it always had."""
    released.ada.write("ps1/p1.ipynb")
    url, released.ada.url = released.ada.url, f"http://127.0.0.1:{free_port()}"
    action = released.ada.make(ExchangeSubmit, "ps1")

    def restart():
        action.base_service_url = url

    clock.meanwhile = restart
    action.start()
    assert released.ada.text.count(WAITING) == 1
    assert "Submitted as: cs1 ps1" in released.ada.text
    assert clock.pauses == [1]


@pytest.mark.parametrize(
    ("action", "assignment"),
    [
        (ExchangeReleaseAssignment, "ps2"),
        (ExchangeFetchAssignment, "ps1"),
        (ExchangeSubmit, "ps1"),
        (ExchangeCollect, "ps1"),
        (ExchangeReleaseFeedback, "ps1"),
        (ExchangeFetchFeedback, "ps1"),
    ],
)
def test_every_action_outlasts_a_gap_before_each_of_its_calls(
    submitted, clock, monkeypatch, action, assignment, tmp_path
):
    give_feedback(submitted, "ada")
    desk = submitted.teacher if action in INSTRUCTORS else submitted.ada
    desk.write("release/ps2/p1.ipynb")
    if action is ExchangeFetchAssignment:
        (desk.home / "ps1").rename(desk.home / "away")
    if action is ExchangeCollect:
        (desk.home / "submitted").rename(desk.home / "away")
    real, tried = Client._try, set()

    def gone_at_first(self, method, path, *arguments):
        if path not in tried:
            tried.add(path)
            raise AWAY
        return real(self, method, path, *arguments)

    monkeypatch.setattr(Client, "_try", gone_at_first)
    desk.run(action, assignment)
    assert clock.pauses == [1] * len(tried)
    assert desk.text.count(WAITING) == 1


INSTRUCTORS = {ExchangeReleaseAssignment, ExchangeCollect, ExchangeReleaseFeedback}


@pytest.mark.parametrize("failure", [StorageFailed("down", passes_soon=True), StorageFailed("busy", 503)])
def test_a_store_that_is_away_is_outlasted_on_both_ways(released, clock, monkeypatch, failure, people):
    released.ada.write("ps1/p1.ipynb", "work")
    gap(monkeypatch, Storage, "put", failure, 4)  # each try is two, with a fresh URL for the second
    released.ada.run(ExchangeSubmit, "ps1")
    assert clock.pauses == [1, 2]
    assert [record["attempt"] for record in people.teacher.submissions()] == [1]
    gap(monkeypatch, Storage, "get", failure, 4)
    released.teacher.run(ExchangeCollect, "ps1")
    assert collected(released)["p1.ipynb"] == b"work"


def test_a_service_that_cannot_ask_its_store_is_asked_again(released, clock, store, people):
    released.ada.write("ps1/p1.ipynb")
    away = store.root.with_name("away")
    real, moved = Storage.put, []

    def put(*arguments):
        real(*arguments)
        store.root.rename(away)
        moved.append(1)

    clock.meanwhile = lambda: away.rename(store.root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Storage, "put", put)
        released.ada.run(ExchangeSubmit, "ps1")
    assert moved
    assert clock.pauses == [5]  # as the service asks for
    assert len(people.teacher.submissions()) == 1


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateway_with_nobody_behind_it_is_asked_again(clock, status):
    told = []
    with impostor((status, "text/html", b"<html>Service Unavailable</html>")) as (url, _):
        client = Client(lambda path: (f"{url}/{path}", {}, {}), 5, Patience(10, told.append))
        with pytest.raises(ServiceUnreachable, match="is not running"):
            client.check("healthz")
    assert sum(clock.pauses) == 10
    assert len(told) == 1


def test_a_service_that_says_when_to_come_again_is_left_alone_until_then(clock):
    body = b'{"type": "database-unavailable", "title": "", "status": 503, "detail": "The database is away.", '
    body += b'"retry_after": 4}'
    with impostor((503, "application/problem+json", body)) as (url, _):
        client = Client(lambda path: (f"{url}/{path}", {}, {}), 5, Patience(10, lambda _: None))
        with pytest.raises(TransferFailed, match="The database is away"):
            client.check("readyz")
    assert clock.pauses == [4, 4, 2]


# --- what is not -------------------------------------------------------------------------------------------


def test_the_seconds_count_for_the_whole_action(released, clock, monkeypatch):
    released.ada.write("ps1/p1.ipynb")
    gap(monkeypatch, Client, "_try", AWAY, 13)
    gap(monkeypatch, Storage, "put", StorageFailed("down", passes_soon=True), 1000)
    with pytest.raises(ExchangeError, match="down"):
        released.ada.run(ExchangeSubmit, "ps1")
    assert sum(clock.pauses) == 60
    assert released.ada.text.count(WAITING) == 1


def test_the_time_of_the_tries_themselves_counts(clock):
    def slow():
        clock.now += 25
        raise AWAY

    with pytest.raises(ServiceUnreachable):
        Patience(60, lambda _: None).repeat(slow)
    assert clock.pauses == [1, 2]


def test_what_succeeds_takes_no_patience(clock):
    def work():
        clock.now += 1000

    patient = Patience(60, lambda _: None)
    patient.repeat(work)
    assert patient.left == 60


def test_a_list_fails_at_once(released, clock):
    released.ada.url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(ExchangeError, match="cannot be reached"):
        released.ada.run(ExchangeList)
    assert "cannot be reached" in released.ada.ask("whoami").err
    assert clock.pauses == []


def test_an_action_in_an_event_loop_fails_at_once(released, clock):
    """As nbgrader's own extension calls it: the notebook server would stand still."""
    released.ada.write("ps1/p1.ipynb")
    released.ada.url = f"http://127.0.0.1:{free_port()}"

    async def submit():
        released.ada.run(ExchangeSubmit, "ps1")

    with pytest.raises(ExchangeError, match="cannot be reached"):
        asyncio.run(submit())
    assert clock.pauses == []


@pytest.mark.parametrize(
    "failure",
    [
        ServiceUnreachable("did not answer in time"),
        StorageFailed("refused", 403),
        StorageFailed("untrusted"),
        TransferFailed("anything else"),
    ],
)
def test_what_will_not_pass_is_not_tried_again(clock, failure):
    def work():
        raise failure

    with pytest.raises(TransferFailed):
        Patience(60, lambda _: None).repeat(work)
    assert clock.pauses == []


def test_the_seconds_are_a_setting(released, clock):
    released.ada.url = f"http://127.0.0.1:{free_port()}"
    for seconds in (0, 7):
        with pytest.raises(ExchangeError, match="cannot be reached"):
            released.ada.run(ExchangeFetchAssignment, "ps1", config={"Exchange": {"retry_seconds": seconds}})
        assert sum(clock.pauses) == seconds
