"""The threads that work for the event loop, which waits for none of them longer than a caller does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from nbexchange.api.problems import ServiceBusy

T = TypeVar("T")


@dataclass
class Threads:
    """So many threads for one kind of work, each piece of which waits `patience` seconds for one of them."""

    number: int
    name: str
    patience: float
    pool: ThreadPoolExecutor = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.pool = ThreadPoolExecutor(self.number, self.name)

    async def run(self, function: Callable[..., T], *arguments: Any) -> T:
        """What the function gives; raises `ServiceBusy` when there was no thread in time.

        A caller who leaves before that takes none.
        """
        future = self.pool.submit(function, *arguments)
        late = asyncio.get_running_loop().call_later(self.patience, future.cancel)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task and task.cancelling():
                raise
            raise ServiceBusy("The exchange service has too much to do now.") from None
        finally:
            late.cancel()
