"""The instant at which the work of this thread has to end: what it waits for one after the other has one bound."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic

_instant: ContextVar[float] = ContextVar("deadline", default=math.inf)


@contextmanager
def deadline(instant: float) -> Iterator[None]:
    """Have `seconds_left` count down to `instant`, by `time.monotonic()`, in this thread."""
    token = _instant.set(instant)
    try:
        yield
    finally:
        _instant.reset(token)


def seconds_left() -> float:
    """Until the deadline: infinite where there is none, never below zero."""
    return max(0.0, _instant.get() - monotonic())
