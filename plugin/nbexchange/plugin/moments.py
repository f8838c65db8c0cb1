"""Times as people read them: in their own zone, to the minute. Files, nbgrader's lists and `--json` are exact."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

from dateutil.tz import gettz

TO_THE_MINUTE = "%Y-%m-%d %H:%M %Z"


def moment(instant: datetime, exchange: Any) -> str:
    """The instant for the person whose `Exchange` it is, in their format where they have one."""
    written = exchange.timestamp_format if _is_set(exchange, "timestamp_format") else TO_THE_MINUTE
    return instant.astimezone(zone_of(exchange)).strftime(written)


def short_moment(instant: datetime, now: datetime, exchange: Any) -> str:
    """The same beside another that has the zone: without the day, where that is today's."""
    local, today = (time.astimezone(zone_of(exchange)) for time in (instant, now))
    return f"{local:%H:%M}" if local.date() == today.date() else f"{local:%Y-%m-%d %H:%M}"


def zone_of(exchange: Any) -> tzinfo | None:
    """The zone in the person's settings, which exists, as nbgrader has checked; None for that of this machine."""
    return gettz(exchange.timezone) if _is_set(exchange, "timezone") else None


def _is_set(exchange: Any, name: str) -> bool:
    default = exchange.traits()[name].default_value
    return name in exchange.config.get("Exchange", {}) or getattr(exchange, name) != default
