"""What all tables share: types of columns, names of constraints, and the key."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, Integer, MetaData, Uuid, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from nbexchange.api.db.engine import UtcDateTime

# SQLite numbers only an INTEGER key by itself.
KEY = BigInteger().with_variant(Integer, "sqlite")


def one_of(column: str, *values: str) -> str:
    """The text of a check constraint."""
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def partial_index(name: str, *columns: str, where: str, **options: Any) -> Index:
    """An index over the rows that meet a condition, on both databases."""
    return Index(name, *columns, postgresql_where=text(where), sqlite_where=text(where), **options)


class Base(DeclarativeBase):
    type_annotation_map = {datetime: UtcDateTime, UUID: Uuid, int: KEY}
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    pk: Mapped[int] = mapped_column(primary_key=True, sort_order=-1)
