"""Stamps as nbgrader reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import pytest
from dateutil.tz import gettz
from nbgrader.coursedir import CourseDirectory

from nbexchange.plugin.stamps import folder_name, read_secret, read_stamp, write_stamp

STAMP = datetime(2026, 2, 3, 4, 5, 6, 7, UTC)


@pytest.mark.parametrize(
    ("format_", "text"),
    [
        ("%Y-%m-%d %H:%M:%S.%f %Z", "2026-02-03 04:05:06.000007 UTC"),
        ("%Y-%m-%dT%H:%M:%S.%f%z", "2026-02-03T04:05:06.000007+0000"),
        ("%Y-%m-%d %H:%M:%S", "2026-02-03 04:05:06"),
        ("%d/%m/%Y %H:%M:%S", "2026-02-03 04:05:06.000007 UTC"),  # would be read as the second of March
        ("%Y-%m-%d %H:%M", "2026-02-03 04:05:06.000007 UTC"),  # would be read as six seconds earlier
        ("at dawn", "2026-02-03 04:05:06.000007 UTC"),  # would not be read at all
    ],
)
def test_a_stamp_is_written_in_its_format_unless_nbgrader_would_misread_it(format_, text, tmp_path):
    somewhere_else = STAMP.astimezone(timezone(timedelta(hours=5, minutes=45)))
    (tmp_path / "timestamp.txt").write_text(write_stamp(somewhere_else, format_))
    assert (tmp_path / "timestamp.txt").read_text() == text
    read = read_stamp(tmp_path)
    assert read is not None
    assert abs(read - STAMP) < timedelta(seconds=1)
    assert CourseDirectory().get_existing_timestamp(str(tmp_path)) == read.replace(tzinfo=None)


@pytest.mark.parametrize("content", [b"", b"yesterday", b"\xff", b"9" * 400])
def test_what_cannot_be_read_is_no_stamp_and_no_id(content, tmp_path):
    for name in ("timestamp.txt", "submission_secret.txt"):
        (tmp_path / name).write_bytes(content)
    assert read_stamp(tmp_path) is None
    assert read_secret(tmp_path) is None


def test_the_id_is_read_and_the_secret_of_another_exchange_is_none(tmp_path):
    assert read_secret(tmp_path) is None
    secret = uuid4()
    (tmp_path / "submission_secret.txt").write_text(f"{secret}\n")
    assert read_secret(tmp_path) == secret
    (tmp_path / "submission_secret.txt").write_text("ab" * 64)
    assert read_secret(tmp_path) is None


BERLIN, UTC_ZONE = gettz("Europe/Berlin"), gettz("UTC")
EXACT = "(2026-02-03T04:05:06.000007Z)"


@pytest.mark.parametrize(
    ("format_", "zone", "name"),
    [
        ("%Y-%m-%d %H:%M:%S.%f %Z", UTC_ZONE, "2026-02-03 04:05:06.000007 UTC"),
        ("%Y-%m-%d %H:%M:%S.%f %Z", BERLIN, "2026-02-03 05:05:06.000007 CET"),
        ("%Y-%m-%d %H:%M:%S", UTC_ZONE, f"2026-02-03 04:05:06 {EXACT}"),
        ("%d/%m/%Y %H:%M:%S.%f", UTC_ZONE, f"03/02/2026 04:05:06.000007 {EXACT}"),
        ("%H:%M", BERLIN, f"05:05 {EXACT}"),
        ("at dawn", UTC_ZONE, f"at dawn {EXACT}"),
    ],
)
def test_a_folder_has_the_stamp_as_its_name_and_the_instant_where_the_stamp_does_not_tell_it(
    format_, zone, name
):
    assert folder_name(STAMP, zone, format_) == name


@pytest.mark.parametrize(
    "format_",
    ["%Y-%m-%d %H:%M:%S.%f %Z", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M", "%d.%m.%y", "%I:%M:%S.%f", "x"],
)
@pytest.mark.parametrize("zone", [UTC_ZONE, BERLIN], ids=["UTC", "Berlin"])
def test_no_two_instants_share_a_folder(format_, zone):
    steps = ["microseconds", "milliseconds", "seconds", "minutes", "hours", "days"]
    turn = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # in Berlin half past two, for the first time that night
    instants = {turn} | {turn + timedelta(**{step: n}) for step in steps for n in (1, 12, 31)}
    assert len({folder_name(instant, zone, format_) for instant in instants}) == len(instants)
