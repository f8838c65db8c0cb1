"""Which versions of the service may run on this schema."""

from __future__ import annotations

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped

from nbexchange.api.db.models.base import Base


class SchemaLevel(Base):
    """The one row that each migration sets. A service runs while its own level is at least the second.

    So an older service goes on while the schema is ahead of it: first a migration adds what a newer service needs,
    and a later one, which raises the second, takes away what only older services used.
    """

    __tablename__ = "schema_level"
    __table_args__ = (
        CheckConstraint("pk = 1", name="single"),
        CheckConstraint("oldest_compatible_level <= level", name="oldest_compatible_level"),
    )

    level: Mapped[int]
    oldest_compatible_level: Mapped[int]
