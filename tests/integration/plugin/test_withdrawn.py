"""What students read of an assignment that an instructor has withdrawn."""

from __future__ import annotations

import pytest
from nbgrader.exchange.abc.exchange import ExchangeError

from nbexchange.plugin import ExchangeFetchAssignment, ExchangeReleaseAssignment, ExchangeSubmit

WITHDRAWN = r"ps1 of cs1 was withdrawn on 20\d\d-\d\d-\d\d {}\d\d:\d\d UTC\. What you submitted stays"


@pytest.mark.parametrize("action", [ExchangeFetchAssignment, ExchangeSubmit])
def test_a_student_reads_that_an_assignment_was_withdrawn_and_when(submitted, action):
    submitted.teacher.nbgrader("list", "--remove", "ps1")
    with pytest.raises(ExchangeError, match=WITHDRAWN.format("")):
        submitted.ada.run(action, "ps1")
    assert "withdrawn 20" in submitted.ada.ask("list").out
    assert submitted.ada.ask("list", "--json").json["assignments"][0]["withdrawn_at"]


@pytest.mark.parametrize("action", [ExchangeFetchAssignment, ExchangeSubmit])
def test_so_they_do_where_it_is_withdrawn_while_they_begin(submitted, monkeypatch, action):
    desk = submitted.ben
    if action is ExchangeFetchAssignment:
        (desk.home / "ps1").rename(desk.home / "away")
    real = action.find_release

    def find_release(exchange):
        release = real(exchange)
        submitted.teacher.nbgrader("list", "--remove", "ps1")
        return release

    monkeypatch.setattr(action, "find_release", find_release)
    with pytest.raises(ExchangeError, match=WITHDRAWN.format("at ")):
        desk.run(action, "ps1")


def test_an_assignment_that_was_released_again_is_fetched_and_an_unknown_one_is_not_called_withdrawn(
    released,
):
    released.teacher.nbgrader("list", "--remove", "ps1")
    released.teacher.run(ExchangeReleaseAssignment, "ps1")
    released.ada.run(ExchangeFetchAssignment, "ps1")
    with pytest.raises(ExchangeError, match="ps9 is not released in cs1"):
        released.ada.run(ExchangeFetchAssignment, "ps9")
