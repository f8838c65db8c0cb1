"""The instant at which the work of this thread has to end: what it waits for one after the other has one bound."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_instant: ContextVar[float] = ContextVar("deadline", default=math.inf)


@contextmanager
def deadline(instant: float) -> Iterator[None]:
    """Have `seconds_left` count down to `instant`, by `time.monotonic()`, in this thread."""
    token = _instant.set(instant)
    try:
        yield
    finally:
        _instant.reset(token)


def with_deadline(work: Callable[P, T]) -> Callable[P, T]:
    """The work for other threads, which do not have the deadline of this one by themselves."""
    instant = _instant.get()

    def work_until(*args: P.args, **kwargs: P.kwargs) -> T:
        with deadline(instant):
            return work(*args, **kwargs)

    return work_until


def seconds_left() -> float:
    """Until the deadline: infinite without one, never below zero."""
    return max(0.0, _instant.get() - monotonic())
