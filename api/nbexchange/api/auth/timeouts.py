"""How long a request waits for what tells who its caller is: a hub, a provider of keys."""

from __future__ import annotations

from nbexchange.shared.deadlines import seconds_left

LONGEST = 4.0
"""Seconds for one answer."""


def seconds_to_ask() -> float:
    """For the next answer: half of the time that is left at most, since a connection may be tried twice."""
    return max(0.01, min(LONGEST, seconds_left() / 2))
