"""`timestamp.txt` and `submission_secret.txt`: when the submission in a directory was handed in, and which it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from uuid import UUID

from dateutil.parser import parse
from dateutil.tz import datetime_ambiguous
from nbgrader.utils import parse_utc

from nbexchange.plugin.submission_folders import SECRET, STAMP

STANDARD_FORMAT = "%Y-%m-%d %H:%M:%S.%f %Z"
"""nbgrader's own, which its parser reads as it was meant."""


def write_stamp(stamp: datetime, timestamp_format: str) -> str:
    """The text of `timestamp.txt`, in UTC: in this format, unless nbgrader would then read another time.

    It takes `03/02/2026` for the second of March, and grades by what it reads.
    """
    text = stamp.astimezone(UTC).strftime(timestamp_format)
    read = _parse(text)
    if read is None or abs(read - stamp) >= timedelta(seconds=1):
        return stamp.astimezone(UTC).strftime(STANDARD_FORMAT)
    return text


def folder_name(stamp: datetime, zone: tzinfo | None, timestamp_format: str) -> str:
    """The name of an attempt's folder: its stamp, and the exact instant where that could be another attempt's as well.

    So it is in a format without seconds, or that a parser takes for another time, and in the hour that comes twice.
    """
    local = stamp.astimezone(zone)
    text = local.strftime(timestamp_format)
    if _tells(text, local.replace(tzinfo=None)) and not datetime_ambiguous(local, zone):
        return text
    return f"{text} ({stamp.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ})"


def _tells(text: str, local: datetime) -> bool:
    try:
        read: datetime = parse(text, ignoretz=True)
    except (ValueError, OverflowError):
        return False
    return read == local


def read_stamp(folder: Path) -> datetime | None:
    """The stamp in `folder`; None where there is none that can be read."""
    try:
        text = (folder / STAMP).read_text()
    except (OSError, ValueError):
        return None
    return _parse(text)


def _parse(text: str) -> datetime | None:
    try:
        naive: datetime = parse_utc(text.strip())
    except (ValueError, OverflowError):
        return None
    return naive.replace(tzinfo=UTC)


def read_secret(folder: Path) -> UUID | None:
    """The id that collect wrote; None for what was collected by other means, or from an older exchange."""
    try:
        return UUID((folder / SECRET).read_text().strip())
    except (OSError, ValueError):
        return None
