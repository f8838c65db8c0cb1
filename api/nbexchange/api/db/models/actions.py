"""The audit log."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from nbexchange.api.db.events import EVENTS, KINDS, verbs_about
from nbexchange.api.db.models.base import Base, one_of, partial_index

PAGED_BY = {"course": [], "assignment": ["assignment_id"], "verb": ["verb"], "actor": ["actor"]}
"""What pages of the log can be asked for, each by an index in the order of time: no filter reads the whole log."""


class Action(Base):
    """An entry of the log: only ever added. Names are copied, so that the log outlives what it speaks of."""

    __tablename__ = "action"
    __table_args__ = (
        CheckConstraint(one_of("verb", *EVENTS), name="verb"),
        CheckConstraint(one_of("kind", *KINDS), name="kind"),
        *(
            CheckConstraint(f"(kind = '{kind}') = ({one_of('verb', *verbs_about(kind))})", name=kind)
            for kind in KINDS
        ),
        CheckConstraint("(kind = 'roster') = (assignment_id IS NULL)", name="assignment_id"),
        CheckConstraint("(kind = 'roster') = (role IS NOT NULL)", name="role"),
        partial_index(
            "uq_action_once",
            "upload_pk",
            "verb",
            where=one_of("verb", *(verb for verb, event in EVENTS.items() if event.once)),
            unique=True,
        ),
        Index("ix_action_object", "upload_pk", "verb", "actor_pk", "at"),
        *(
            Index(f"ix_action_of_{name}", "org_pk", "course_id", *columns, "at", "pk")
            for name, columns in PAGED_BY.items()
        ),
        partial_index(
            "ix_action_of_student",
            "org_pk",
            "course_id",
            "on_behalf",
            "at",
            "pk",
            where="on_behalf IS NOT NULL",
        ),
    )

    verb: Mapped[str]
    kind: Mapped[str]
    """What the verb is about."""
    at: Mapped[datetime]
    org_pk: Mapped[int] = mapped_column(ForeignKey("organisation.pk"))
    actor_pk: Mapped[int | None] = mapped_column(ForeignKey("person.pk", ondelete="SET NULL"))
    actor: Mapped[str]
    on_behalf: Mapped[str | None]
    course_id: Mapped[str]
    assignment_id: Mapped[str | None]
    role: Mapped[str | None]
    """What somebody became on the roster, or had been."""
    upload_pk: Mapped[int | None] = mapped_column(ForeignKey("upload.pk", ondelete="SET NULL"))
    object_id: Mapped[UUID | None]
    size: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None]
