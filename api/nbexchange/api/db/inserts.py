"""Rows are inserted, each call in one statement, on both databases."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase

Rows = Sequence[Mapping[str, Any]]


def insert_rows(connection: Connection, model: Any, rows: Rows) -> None:
    """Insert the rows, which have the same columns."""
    if not rows:
        return
    # Several rows without RETURNING would be as many statements.
    statement = insert(model) if len(rows) == 1 else insert(model).returning(model.pk)
    connection.execute(statement, list(rows))


def insert_missing(connection: Connection, model: type[DeclarativeBase], rows: Rows) -> None:
    """Insert the rows that no unique constraint forbids, so that two writers can be first at once."""
    if rows:
        connection.execute(_insert(connection, model).values(list(rows)).on_conflict_do_nothing())


def upsert(connection: Connection, model: type[DeclarativeBase], rows: Rows, key: Collection[str]) -> None:
    """Insert the rows; of those whose key is there already, write the rest of their columns."""
    if not rows:
        return
    statement = _insert(connection, model)
    written = {name: statement.excluded[name] for name in rows[0] if name not in key}
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_=written), list(rows))


def _insert(connection: Connection, model: type[DeclarativeBase]) -> Any:
    kinds = postgresql if connection.dialect.name == "postgresql" else sqlite
    return kinds.insert(model)
