"""The threads that work for the event loop, which waits for none of them longer than a caller does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from nbexchange.api.problems import ServiceBusy

T = TypeVar("T")

SHARE = 4
"""One caller has one in so many threads at most, and at least one: so nobody waits behind all that another one asks."""


@dataclass
class Threads:
    """So many threads for one kind of work, each piece of which waits `patience` seconds for one of them."""

    number: int
    name: str
    patience: float
    pool: ThreadPoolExecutor = field(init=False, repr=False)
    turns: WeakValueDictionary[str, asyncio.Semaphore] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.pool = ThreadPoolExecutor(self.number, self.name)
        self.turns = WeakValueDictionary()

    async def run(self, function: Callable[..., T], *arguments: Any, caller: str | None = None) -> T:
        """What the function gives; raises `ServiceBusy` when there was no thread in time.

        Work of one `caller` takes turns for a share of the threads. One who leaves before that takes none.
        """
        until = asyncio.get_running_loop().time() + self.patience
        work = partial(function, *arguments)
        if caller is None:
            return await self._work(work, until, lambda: None)
        turns = self.turns.setdefault(caller, asyncio.Semaphore(max(1, self.number // SHARE)))
        try:
            async with asyncio.timeout_at(until):
                await turns.acquire()
        except TimeoutError:
            raise _busy() from None
        return await self._work(work, until, turns.release)

    async def _work(self, work: Callable[[], T], until: float, end: Callable[[], None]) -> T:
        """`end` is called when the thread is free again, which may be after the caller has left."""
        loop = asyncio.get_running_loop()
        future = self.pool.submit(work)
        future.add_done_callback(lambda _: _call_in(loop, end))
        late = loop.call_at(until, future.cancel)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task and task.cancelling():
                raise
            raise _busy() from None
        finally:
            late.cancel()


def _call_in(loop: asyncio.AbstractEventLoop, function: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # after the loop's end nobody waits
        loop.call_soon_threadsafe(function)


def _busy() -> ServiceBusy:
    return ServiceBusy("The exchange service has too much to do now.")
