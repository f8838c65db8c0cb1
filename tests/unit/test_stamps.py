"""Stamps as nbgrader reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import pytest
from nbgrader.coursedir import CourseDirectory

from nbexchange.plugin.stamps import read_secret, read_stamp, write_stamp

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
