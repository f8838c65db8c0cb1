"""Columns as answers carry them: no Python object for a cell that is only passed on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Select, String, Text, bindparam, cast, literal_column, select
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeDecorator, TypeEngine

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


def constant(value: str | int) -> ColumnElement[Any]:
    """One of our own words or numbers, in the text of the statement.

    PostgreSQL knows how rare the word is, looks into a partial index only where it reads the index's condition, and
    takes a limit that it does not know for a tenth of all rows.
    """
    return literal_column(repr(value))


def unseen(name: str, of: InstrumentedAttribute[Any] | TypeEngine[Any]) -> ColumnElement[Any]:
    """A parameter, of a type or of a column's, that PostgreSQL's planner does not look at.

    It plans a statement anew for each value where that looks cheaper than a plan for all: of one who has uploaded next
    to nothing, beside a person of the average. Planning takes longer than these statements do.
    """
    kind = of if isinstance(of, TypeEngine) else of.type
    return select(bindparam(name, type_=kind)).scalar_subquery()
