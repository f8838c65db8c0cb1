"""Statements that are compiled once, and run by the driver itself.

SQLAlchemy writes the SQL of a statement, and knows how values travel. Its own way to run one finds that out anew each
time, for more of the processor than the driver takes (`docs/decisions/database-access.md`).
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.sql.dml import UpdateBase

from nbexchange.api.db.columns import Statement

Values = Mapping[str, Any]
Parameters = Mapping[str, Any] | Sequence[Any]

CURSOR = "nbexchange_cursor"
"""Under which the pool keeps the cursor of a connection."""


class Prepared:
    """A statement with named parameters, whose text does not depend on their values.

    Its rows are named tuples: of the class `row`, whose fields are the columns in their order, or of one of its own.
    What it raises is SQLAlchemy's, and SQLAlchemy's events of a cursor tell of it, without a context.
    """

    def __init__(self, statement: Statement | UpdateBase, row: Any = None) -> None:
        self.statement, self.row = statement, row
        self._compiled: dict[str, _Compiled] = {}

    def fetch(self, connection: Connection, values: Values) -> list[Any]:
        """The rows that the statement gives."""
        compiled = self._for(connection)
        return compiled.rows(_send(connection, compiled.text, compiled.parameters(values)).fetchall())

    def fetch_value(self, connection: Connection, values: Values) -> Any:
        """The first column of the first row; None if the statement gives no row."""
        rows = self.fetch(connection, values)
        return rows[0][0] if rows else None

    def run(self, connection: Connection, *values: Values) -> None:
        """Run a statement that gives no rows, once with each of these values."""
        compiled = self._for(connection)
        if len(values) == 1:
            _send(connection, compiled.text, compiled.parameters(values[0]))
        elif values:
            _send(connection, compiled.text, list(map(compiled.parameters, values)), is_many=True)

    def _for(self, connection: Connection) -> _Compiled:
        dialect = connection.dialect
        try:
            return self._compiled[dialect.driver]
        except KeyError:
            return self._compiled.setdefault(dialect.driver, _Compiled(self.statement, self.row, dialect))


class _Compiled:
    """The statement for one kind of database: its text, and how its values and cells are converted."""

    def __init__(self, statement: Statement | UpdateBase, row: Any, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        if compiled.post_compile_params or compiled.literal_execute_params:
            raise ValueError("the text of the statement depends on its values")
        self.text = str(compiled)
        self.order: Sequence[str] | None = compiled.positiontup
        self.constants = {
            name: parameter.effective_value
            for name, parameter in compiled.binds.items()
            if not parameter.required
        }
        self.converts = [
            (name, convert)
            for name, parameter in compiled.binds.items()
            if (convert := parameter.type.dialect_impl(dialect).bind_processor(dialect))
        ]
        columns = list(statement.exported_columns)
        self.readers = [
            column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns
        ]
        row = row or namedtuple("Row", [column.key or "_" for column in columns], rename=True)
        self.make = partial(tuple.__new__, row)

    def parameters(self, values: Values) -> Parameters:
        """The values as the driver takes them."""
        parameters = {**self.constants, **values}
        for name, convert in self.converts:
            parameters[name] = convert(parameters[name])
        return parameters if self.order is None else [parameters[name] for name in self.order]

    def rows(self, rows: Iterable[Sequence[Any]]) -> list[Any]:
        """Of the rows that the driver gives."""
        if not any(self.readers):
            return list(map(self.make, rows))
        return [
            self.make([read(cell) if read else cell for read, cell in zip(self.readers, row, strict=True)])
            for row in rows
        ]


def _cursor(connection: Connection) -> Any:
    """The one of the driver's connection: whatever it gives is fetched at once."""
    info = connection.info
    try:
        return info[CURSOR]
    except KeyError:
        return info.setdefault(CURSOR, connection.connection.cursor())


def _send(connection: Connection, text: str, parameters: Any, *, is_many: bool = False) -> Any:
    """The driver's cursor, after it ran the statement in the connection's transaction."""
    if not connection.in_transaction():
        connection.begin()
    cursor = _cursor(connection)
    about = (connection, cursor, text, parameters, None, is_many)
    has_listeners = connection.engine._has_events
    for listener in connection.dispatch.before_cursor_execute if has_listeners else ():
        listener(*about)
    try:
        (cursor.executemany if is_many else cursor.execute)(text, parameters)
    except connection.dialect.loaded_dbapi.Error as error:
        # As SQLAlchemy does it: a lost connection is taken out of the pool. The cursor is not told: it would be closed.
        connection._handle_dbapi_exception(error, text, parameters, None, None)
    for listener in connection.dispatch.after_cursor_execute if has_listeners else ():
        listener(*about)
    return cursor
