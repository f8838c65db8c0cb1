"""What is said where an answer was lost: the service may have done what it was asked, or the work has arrived."""

from __future__ import annotations

import pytest
from nbgrader.exchange.abc.exchange import ExchangeError
from support.faults.impostor import taking_one
from support.faults.proxy import LOSE, proxy
from support.people.classroom import attempt

from nbexchange.api.problems import DependencyUnavailable
from nbexchange.plugin import ExchangeList, ExchangeReleaseAssignment, ExchangeReleaseFeedback, ExchangeSubmit
from nbexchange.plugin.failures import ServiceUnreachable
from nbexchange.plugin.service.client import Client


def test_a_connection_that_breaks_off_may_have_done_its_work(released):
    """The instructor is not told that nothing was changed: the answer is lost, not the deed."""
    with proxy(released.teacher.url, lambda _: LOSE) as url:
        released.teacher.url = url
        text = attempt(released.teacher, ExchangeReleaseAssignment, force=True)
    assert "broke off before it had answered. Try again" in text
    assert "Nothing was changed" not in text


def test_a_service_that_was_reached_and_then_is_away_may_have_done_its_work(released):
    """It lost the first answer and refuses the second try: nobody is told that nothing was changed."""
    with taking_one() as url:
        released.teacher.url = url
        text = attempt(released.teacher, ExchangeList)
    assert "broke off before it had answered" in text
    assert "Nothing was changed" not in text


def test_a_store_that_is_away_costs_nothing(submitted, store, people):
    away = store.root.with_name("away")
    store.root.rename(away)
    with pytest.raises(ExchangeError, match=r"Nothing was changed"):
        submitted.ada.run(ExchangeSubmit, "ps1")
    away.rename(store.root)
    submitted.ada.run(ExchangeSubmit, "ps1")
    assert people.ada.get("uploads").json["items"] != []
    assert len(people.teacher.submissions(student_id="ada")) == 2


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
