"""Rows are inserted, on both databases: PostgreSQL gets all of a call in one statement."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    bindparam,
    column,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from nbexchange.api.db.arrays import TextArray
from nbexchange.api.db.prepared import Prepared

Rows = Sequence[Mapping[str, Any]]


def insert_rows(
    connection: Connection, model: type[DeclarativeBase], rows: Rows, shared: Mapping[str, Any] | None = None
) -> None:
    """Insert the rows, which have the same columns: all that are not null, and have no default.

    What all rows have can stand in `shared`, and is sent once.
    """
    if not rows:
        return
    shared = shared or {}
    names, shared_names = tuple(rows[0]), tuple(shared)
    if len(rows) > 1 and connection.dialect.name == "postgresql":
        arrays = {name: [row[name] for row in rows] for name in names}
        _insert_arrays(model, names, shared_names).run(connection, {**arrays, **shared})
    else:
        _insert_row(model, names + shared_names).run(connection, *({**row, **shared} for row in rows))


@cache
def _insert_row(model: type[DeclarativeBase], names: tuple[str, ...]) -> Prepared:
    return _insert_from(model, _parameters(model, names))


@cache
def _insert_arrays(
    model: type[DeclarativeBase], names: tuple[str, ...], shared_names: tuple[str, ...]
) -> Prepared:
    """An array for each column: the same statement for any number of rows, so that it is prepared once.

    With a parameter for each cell, each number of rows would be another one.
    """
    columns = model.__table__.columns
    arrays = [bindparam(name, type_=TextArray(columns[name].type)) for name in names]
    cells = func.unnest(*arrays).table_valued(*(column(name, columns[name].type) for name in names))
    return _insert_from(model, {**cells.render_derived().c, **_parameters(model, shared_names)})


def _parameters(model: type[DeclarativeBase], names: Collection[str]) -> dict[str, BindParameter[Any]]:
    columns = model.__table__.columns
    return {name: bindparam(name, type_=columns[name].type) for name in names}


def _insert_from(model: type[DeclarativeBase], cells: Mapping[str, ColumnElement[Any]]) -> Prepared:
    """Beside these cells, what the columns have by default."""
    columns = model.__table__.columns
    defaults = {
        column.key: literal(column.default.arg, column.type)
        for column in columns
        if isinstance(column.default, ScalarElementColumnDefault) and column.key not in cells
    }
    cells = {**cells, **defaults}
    return Prepared(insert(model).from_select(list(cells), select(*cells.values())))


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
