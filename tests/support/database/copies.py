"""Databases of either kind, made by copying, and what connects to them."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, event

from nbexchange.api.db.engine import Database, connect, parse_url
from support.database.postgresql import new_database

KINDS = ("sqlite", "postgresql")


class Databases:
    """Those of this process. `fixture` gives the servers and templates by their names, started when asked for.

    Engines go from one database to the next, so that what they have compiled stays: a third of what a request costs.
    """

    def __init__(self, fixture: Callable[[str], Any]) -> None:
        self._fixture = fixture
        self._free: dict[str, list[Engine]] = defaultdict(list)

    @contextmanager
    def copied(self, kind: str, folder: Path, original: str | None = None) -> Iterator[str]:
        """A copy of a database that nothing is connected to, or an empty one with the schema; gives its address."""
        template = parse_url(original).database if original else self._fixture(f"{kind}_template")
        if kind == "sqlite":
            path = folder / "test.sqlite"
            shutil.copy(template, path)
            yield f"sqlite:///{path}"
            return
        server = self._fixture("postgresql_server")
        with new_database(server, f"test_{uuid4().hex}", template) as url:
            yield url

    @contextmanager
    def connected(self, url: str) -> Iterator[Database]:
        """The database at this address, as `connect` gives it, while the block lasts."""
        free = self._free[parse_url(url).get_backend_name()]
        engine = free.pop() if free else _movable(url)
        engine.url = parse_url(url)
        try:
            yield Database(engine.execution_options())  # a face of its own: listeners go with it
        finally:
            engine.dispose()
            free.append(engine)


def _movable(url: str) -> Engine:
    """An engine whose new connections go to where its `url` is by then."""
    engine = connect(url).engine

    @event.listens_for(engine, "do_connect")
    def connect_there(dialect: Any, _record: object, arguments: list[Any], options: dict[str, Any]) -> None:
        positional, named = dialect.create_connect_args(engine.url)
        arguments[:] = positional
        options.update(named)

    return engine
