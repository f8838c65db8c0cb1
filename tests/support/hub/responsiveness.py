"""How long a notebook server lets others wait while it does something."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median
from typing import Any

from support.hub.notebook_server import NotebookServer


@dataclass(frozen=True)
class Waits:
    """Seconds: how long the action took, and what others waited for their answers meanwhile."""

    action: float
    others: list[float]
    answer: Any
    """The action's."""

    @property
    def longest(self) -> float:
        return max(self.others)

    @property
    def median(self) -> float:
        return median(self.others)


def waits_during(server: NotebookServer, action: Callable[[], Any]) -> Waits:
    """Ask the server how it is, again and again, until the action has ended."""
    others: list[float] = []
    with ThreadPoolExecutor(1) as other:
        doing = other.submit(timed, action)
        while not doing.done():
            others.append(timed(lambda: server.call("GET", "api/status"))[0])
    took, answer = doing.result()
    return Waits(took, others, answer)


def timed(action: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    answer = action()
    return time.perf_counter() - started, answer
