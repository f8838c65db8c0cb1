"""Organisations and the people in them."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from nbexchange.api.db.models.base import Base


class Organisation(Base):
    __tablename__ = "organisation"

    org_id: Mapped[str] = mapped_column(String, unique=True)


class Person(Base):
    """Somebody who called the exchange, or whom an instructor named. Unique by name in an organisation."""

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("org_pk", "name"), UniqueConstraint("org_pk", "pk"))

    org_pk: Mapped[int] = mapped_column(ForeignKey("organisation.pk"))
    name: Mapped[str]
    full_name: Mapped[str | None]
    email: Mapped[str | None]
    lms_user_id: Mapped[str | None]
