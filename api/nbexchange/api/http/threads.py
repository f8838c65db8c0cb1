"""The threads that work for the event loop, which waits for none of them longer than a caller does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any, TypeVar, cast
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
        loop = asyncio.get_running_loop()
        until = loop.time() + self.patience
        end = await self._take_turn(caller, until)
        job = _Job(loop, partial(function, *arguments), end)
        late = loop.call_at(until, job.give_up)
        self.pool.submit(job.do)
        try:
            return cast(T, await job.outcome)
        finally:
            late.cancel()
            job.give_up()  # for who has left; of what is done it changes nothing

    async def _take_turn(self, caller: str | None, until: float) -> Callable[[], None]:
        """Gives what ends the turn."""
        if caller is None:
            return _nothing
        turns = self.turns.setdefault(caller, asyncio.Semaphore(max(1, self.number // SHARE)))
        if turns.locked():
            try:
                async with asyncio.timeout_at(until):
                    await turns.acquire()
            except TimeoutError:
                raise _busy() from None
        else:
            await turns.acquire()  # at once
        return turns.release


class _Job:
    """Work that is begun by a thread, or given up before that; `end` is called in the loop after either."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, work: Callable[[], Any], end: Callable[[], None]
    ) -> None:
        self.loop, self.work, self.end = loop, work, end
        self.outcome = loop.create_future()
        self.first = Lock()  # for the one who gets it

    def do(self) -> None:
        if not self.first.acquire(blocking=False):
            return
        result, error = None, None
        try:
            result = self.work()
        except BaseException as problem:  # noqa: BLE001 - raised where the work is waited for
            error = problem
        with suppress(RuntimeError):  # after the loop's end nobody waits
            self.loop.call_soon_threadsafe(self._finish, result, error)

    def _finish(self, result: Any, error: BaseException | None) -> None:
        self.end()
        if self.outcome.done():
            return
        if error is None:
            self.outcome.set_result(result)
        else:
            self.outcome.set_exception(error)

    def give_up(self) -> None:
        if self.first.acquire(blocking=False):
            self._finish(None, _busy())


def _nothing() -> None:
    pass


def _busy() -> ServiceBusy:
    return ServiceBusy("The exchange service has too much to do now.")
