"""`timestamp.txt`: when the submission in a directory was handed in."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from nbgrader.utils import parse_utc


def read_stamp(folder: Path) -> datetime | None:
    """The stamp in `folder`; None where there is none that can be read."""
    try:
        naive: datetime = parse_utc((folder / "timestamp.txt").read_text().strip())
    except (OSError, ValueError, OverflowError):
        return None
    return naive.replace(tzinfo=UTC)
