"""SQL as it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from nbexchange.api.db.engine import Database


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The SQL statements that are sent inside the block, without those that begin and end transactions."""
    seen: list[str] = []

    def note(conn, cursor, statement, parameters, context, executemany):
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
