"""Engines that go from one database to the next: what they have compiled stays, a third of what a new one costs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from nbexchange.api.db.engine import Database, connect, parse_url


class Engines:
    """Those of this process that no test works with now, by kind."""

    def __init__(self) -> None:
        self._free: dict[str, list[Database]] = defaultdict(list)

    @contextmanager
    def connected(self, url: str) -> Iterator[Database]:
        """The database at this address, as `connect` gives it, while the block lasts."""
        free = self._free[parse_url(url).get_backend_name()]
        database = free.pop() if free else _movable(url)
        database.engine.url = parse_url(url)
        try:
            yield database
        finally:
            database.engine.dispose()
            free.append(database)


def _movable(url: str) -> Database:
    """A database whose new connections go to where its engine's `url` is by then."""
    database = connect(url)

    @event.listens_for(database.engine, "do_connect")
    def connect_there(dialect: Any, _record: object, arguments: list[Any], options: dict[str, Any]) -> None:
        positional, named = dialect.create_connect_args(database.engine.url)
        arguments[:] = positional
        options.update(named)

    return database
