"""How long an action goes on trying while the service or the file store is away: a restart takes some seconds."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, repeat
from time import monotonic, sleep
from typing import TypeVar

from nbexchange.plugin.failures import TransferFailed
from nbexchange.plugin.messages import say

T = TypeVar("T")

FIRST_PAUSES, PAUSE = (1, 2, 3), 5
"""Seconds between tries: the first of them, and all others."""


class Patience:
    """The seconds that one action may spend on what fails and may soon succeed, in all; `tell` gets a line about it."""

    def __init__(self, seconds: float, tell: Callable[[str], object]) -> None:
        self.left = seconds
        self.tell = tell
        self.has_told = False

    def repeat(self, work: Callable[[], T]) -> T:
        """Do the work, again while it fails in a way that passes and time is left. It has to be safe to do twice."""
        began = monotonic()
        spent = 0.0
        try:
            for pause in chain(FIRST_PAUSES, repeat(PAUSE)):
                try:
                    return work()
                except TransferFailed as failure:
                    spent = monotonic() - began
                    if not failure.passes_soon or not self._may_wait(self.left - spent):
                        raise
                    sleep(min(max(pause, failure.retry_after), self.left - spent))
                    spent = monotonic() - began
        finally:
            self.left -= spent
        raise AssertionError("there is always another pause")

    def _may_wait(self, seconds: float) -> bool:
        """Whether somebody may be kept waiting; then they are told, once."""
        if seconds <= 0 or in_event_loop():
            return False
        if not self.has_told:
            self.tell(say("waiting", seconds=seconds))
            self.has_told = True
        return True


IMPATIENT = Patience(0, lambda _: None)


def in_event_loop() -> bool:
    """Whether this is the thread of an event loop: a notebook server that calls from there stands still meanwhile."""
    import asyncio  # which takes as long as all else that a short command imports of ours

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
