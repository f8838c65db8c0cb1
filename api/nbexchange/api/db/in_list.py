"""`column IN (...)` with the whole list as one parameter: the text of the statement does not depend on its length.

So it is prepared once for all lengths, and nothing is written into it at each execution.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Text, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine

from nbexchange.api.db.arrays import TextArray


class _ListOf(TypeDecorator[Collection[Any]]):
    """An array of PostgreSQL; for SQLite a JSON document, with values as a column of that type has them."""

    impl = Text
    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Any) -> Any:
        return dialect.type_descriptor(TextArray(self.item) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Collection[Any] | None, dialect: Any) -> Any:
        values = list(value or ())
        if dialect.name == "postgresql":
            return values
        convert = self.item.dialect_impl(dialect).bind_processor(dialect)
        return json.dumps([convert(item) for item in values] if convert else values)


class _InList(FunctionElement[bool]):
    # Of a Boolean SQLAlchemy would write `= 1`, with which SQLite looks into no index.
    type = NullType()  # type: ignore[assignment]  # see above
    name = "in_list"
    inherit_cache = True


@compiles(_InList, "postgresql")
def _compile_for_postgresql(element: _InList, compiler: Any, **options: Any) -> str:
    """The planner does not see how long the list is.

    It takes one that it does not know for ten items. A plan for the list of one that comes would look cheaper, and be
    made anew each time, which takes longer than the statement.
    """
    column, values = element.clauses
    kind = TextArray(column.type).get_col_spec()  # without it, what is in the parentheses would be rows
    return f"{compiler.process(column, **options)} = ANY ((SELECT {compiler.process(values, **options)})::{kind})"


@compiles(_InList, "sqlite")
def _compile_for_sqlite(element: _InList, compiler: Any, **options: Any) -> str:
    column, values = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - both are what SQLAlchemy made of them


def in_list(column: InstrumentedAttribute[Any], name: str) -> ColumnElement[bool]:
    """Whether the column has a value of the list that the parameter of this name is."""
    return _InList(column, bindparam(name, type_=_ListOf(column.type)))
