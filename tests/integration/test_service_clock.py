"""A service whose clock is not that of its database: one clock signs URLs and checks them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from support.people.callers import archive_item

HOUR = timedelta(hours=1)

pytestmark = [
    pytest.mark.databases("postgresql"),  # which has a clock of its own
    pytest.mark.parametrize("error", [-HOUR, HOUR], ids=["an hour slow", "an hour fast"]),
]


@pytest.fixture
def clock(error, people):
    """That of the service, which a directory has as well."""
    with time_machine.travel(datetime.now(UTC) + error, tick=True) as clock:
        yield clock


@pytest.mark.usefixtures("clock")
def test_signed_urls_are_good_at_once(people):
    release = people.teacher.release()
    record = people.ada.submit(b"work")
    assert people.teacher.download("submission", record["id"]) == b"work"
    assert people.ada.download("release", release["id"]) == b"version"


@pytest.mark.usefixtures("clock")
def test_a_client_is_told_by_the_clock_of_the_database_how_long_a_url_is_good(error, people):
    (granted,) = people.teacher.begin("release", archive_item(b"version"))
    left = datetime.fromisoformat(granted["expires_at"]) - (datetime.now(UTC) - error)
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)


def test_a_signed_url_is_good_no_longer_than_that(clock, error, people):
    (granted,) = people.teacher.begin("release", archive_item(b"version"))
    clock.shift(timedelta(minutes=16))
    assert people.teacher.put(granted, b"version") == 403
