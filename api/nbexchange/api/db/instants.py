"""Instants that clients state."""

from __future__ import annotations

from datetime import UTC, datetime

from nbexchange.api.problems import InvalidRequest

FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Beyond these, some database or time zone cannot follow."""


def check_instant(name: str, instant: datetime) -> None:
    """Raise `InvalidRequest` unless the instant lies in our centuries."""
    if not FIRST <= instant <= LAST:
        raise InvalidRequest(f"{name} is not a time that anything was submitted at.")
