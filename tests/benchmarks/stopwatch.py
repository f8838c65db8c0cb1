"""Where the time of one action goes: each moment counts for the innermost stage that is running."""

from __future__ import annotations

import inspect
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class Stopwatch:
    def __init__(self, elsewhere: str) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._running = [elsewhere]
        self._since = time.perf_counter()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self.charge()
        self._running.append(name)
        try:
            yield
        finally:
            self.charge()
            self._running.pop()

    def charge(self) -> None:
        """Count the time since the last change for the running stage."""
        now = time.perf_counter()
        self.seconds[self._running[-1]] += now - self._since
        self._since = now

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, as a stage; what a generator gives is made before it is given."""

        def run(*args: Any, **kwargs: Any) -> Any:
            with self.stage(name):
                result = function(*args, **kwargs)
                return iter(list(result)) if inspect.isgenerator(result) else result

        return run

    def making(self, name: str, factory: Callable[..., Any]) -> Callable[..., Any]:
        """The same factory; the methods of what it makes are a stage."""
        return lambda *args, **kwargs: _Timed(factory(*args, **kwargs), name, self)


class _Timed:
    """An object whose methods are a stage."""

    def __init__(self, inner: Any, name: str, watch: Stopwatch) -> None:
        self._inner, self._name, self._watch = inner, name, watch

    def __getattr__(self, attribute: str) -> Any:
        return self._watch.timed(self._name, getattr(self._inner, attribute))
