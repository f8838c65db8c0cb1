"""Columns as answers carry them: no Python object for a cell that is only passed on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Select, String, Text, cast, literal_column
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeDecorator

Cells = Any
"""A named tuple: a row of columns that its statement names."""

Statement = Select[*tuple[Any, ...]]


class UuidText(TypeDecorator[str]):
    """A UUID in its usual form. SQLite stores it without the hyphens."""

    impl = String
    cache_ok = True

    def result_processor(self, dialect: Any, coltype: object) -> Callable[[Any], str | None] | None:
        return _with_hyphens if dialect.name == "sqlite" else None


def _with_hyphens(digits: str | None) -> str | None:
    if digits is None:
        return None
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def uuid_text(column: InstrumentedAttribute[Any]) -> ColumnElement[str]:
    return cast(column, UuidText)


def json_text(column: InstrumentedAttribute[Any]) -> ColumnElement[str]:
    """What is stored as JSON, as it is stored."""
    return cast(column, Text)


def as_indexed(column: InstrumentedAttribute[bool]) -> ColumnElement[bool]:
    """That the column is true, in the words of the condition of a partial index.

    SQLite uses the index for no other words, and SQLAlchemy writes `= 1`.
    """
    return literal_column(f"{column.class_.__tablename__}.{column.key}")


def at_most(number: int) -> ColumnElement[int]:
    """A limit that stands in the statement: PostgreSQL takes one that it does not know for a tenth of all rows."""
    return literal_column(str(number))
