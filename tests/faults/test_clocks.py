"""A client whose clock is ten years off, either way: what counts is the server's time, and everything works."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from nbexchange.plugin import (
    ExchangeCollect,
    ExchangeFetchAssignment,
    ExchangeFetchFeedback,
    ExchangeList,
    ExchangeReleaseAssignment,
    ExchangeReleaseFeedback,
    ExchangeSubmit,
)

TEN_YEARS = timedelta(days=3653)


@pytest.fixture(params=[-1, 1], ids=["ten years slow", "ten years fast"])
def true_time(request):
    """This process's clock is off, the services' are not; gives a function that knows the true time."""
    error = request.param * TEN_YEARS
    with time_machine.travel(datetime.now(UTC) + error, tick=True):
        yield lambda: datetime.now(UTC) - error


def test_a_whole_cycle_on_clients_whose_clocks_are_off(people, desks, true_time):
    began = true_time() - timedelta(seconds=1)
    desks.teacher.write("release/ps1/p1.ipynb")
    desks.teacher.run(ExchangeReleaseAssignment, "ps1")
    desks.ada.run(ExchangeFetchAssignment, "ps1")
    records = []
    for work in (b"first", b"second"):
        desks.ada.write("ps1/p1.ipynb", work)
        desks.ada.run(ExchangeSubmit, "ps1")
        assert str(true_time().year) in desks.ada.text
        desks.teacher.run(ExchangeCollect, "ps1", update=True)
        (record,) = people.teacher.submissions(latest="true")
        collected = desks.teacher.files("submitted/ada/ps1")
        assert collected["p1.ipynb"] == work
        stamp = datetime.fromisoformat(record["submitted_at"])
        assert collected["timestamp.txt"].decode().strip() == stamp.strftime("%Y-%m-%d %H:%M:%S.%f UTC")
        records.append(stamp)
    assert began <= records[0] < records[1] <= true_time() + timedelta(seconds=1)
    desks.teacher.write("feedback/ada/ps1/p1.html", b"good")
    for name in ("timestamp.txt", "submission_secret.txt"):
        desks.teacher.write(f"feedback/ada/ps1/{name}", collected[name])
    desks.teacher.run(ExchangeReleaseFeedback, "ps1")
    desks.ada.run(ExchangeFetchFeedback, "ps1")
    assert list(desks.ada.files("ps1/feedback").values()) == [b"good"]
    desks.ada.run(ExchangeList, "ps1", inbound=True)
    assert desks.ada.text.count(f"{true_time().year}-") >= 2


@pytest.mark.parametrize("changed", [-300_000_000, 0, 9_000_000_000], ids=["1960", "1970", "2255"])
def test_files_of_another_age_travel(people, desks, changed):
    desks.teacher.write("release/ps1/p1.ipynb")
    desks.teacher.run(ExchangeReleaseAssignment, "ps1")
    os.utime(desks.ada.write("ps1/p1.ipynb", b"work"), (changed, changed))
    desks.ada.run(ExchangeSubmit, "ps1")
    desks.teacher.run(ExchangeCollect, "ps1")
    assert desks.teacher.files("submitted/ada/ps1")["p1.ipynb"] == b"work"
