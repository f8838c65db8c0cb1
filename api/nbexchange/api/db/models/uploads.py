"""Uploads: what somebody announced, whether it arrived or not."""

from __future__ import annotations

from datetime import datetime
from typing import get_args
from uuid import UUID

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from nbexchange.api.db.models.base import Base, one_of, partial_index
from nbexchange.api.db.states import ENDED, PENDING
from nbexchange.protocol import Kind

KINDS = get_args(Kind)


class Upload(Base):
    """Bytes that somebody announced. The row comes before the URL, and outlives the object.

    `stamp` is the server's time at initiate: for a submission the time that counts. Uploads rank by `pk`.
    """

    __tablename__ = "upload"
    __table_args__ = (
        UniqueConstraint("actor_pk", "item_id"),
        UniqueConstraint("assignment_pk", "pk"),
        UniqueConstraint("assignment_pk", "student_pk", "pk"),
        ForeignKeyConstraint(["org_pk", "actor_pk"], ["person.org_pk", "person.pk"]),
        ForeignKeyConstraint(["org_pk", "student_pk"], ["person.org_pk", "person.pk"]),
        ForeignKeyConstraint(["org_pk", "assignment_pk"], ["assignment.org_pk", "assignment.pk"]),
        ForeignKeyConstraint(
            ["assignment_pk", "student_pk", "submission_pk"],
            ["upload.assignment_pk", "upload.student_pk", "upload.pk"],
        ),
        CheckConstraint(one_of("kind", *KINDS), name="kind"),
        CheckConstraint(one_of("state", PENDING, *ENDED), name="state"),
        CheckConstraint("size >= 1", name="size"),
        CheckConstraint("length(sha256) = 64", name="sha256"),
        CheckConstraint(
            "tree_sha256 IS NULL OR kind = 'submission' AND length(tree_sha256) = 64", name="tree_sha256"
        ),
        CheckConstraint("(kind = 'release') = (student_pk IS NULL)", name="student_pk"),
        CheckConstraint("(kind = 'feedback') = (unpacked_size IS NULL)", name="unpacked_size"),
        CheckConstraint("(kind = 'feedback') = (notebook_id IS NOT NULL)", name="notebook_id"),
        CheckConstraint("(kind = 'feedback') = (submitted_at IS NOT NULL)", name="submitted_at"),
        CheckConstraint("kind = 'feedback' OR submission_pk IS NULL", name="submission_pk"),
        CheckConstraint("(state = 'completed') = (completed_at IS NOT NULL)", name="completed_at"),
        partial_index(
            "uq_upload_stamp",
            "assignment_pk",
            "student_pk",
            "stamp",
            where="kind = 'submission'",
            unique=True,
        ),
        Index("ix_upload_due", "state", "url_expires_at"),
        Index("ix_upload_begun", "actor_pk", "expires_at"),
        partial_index("ix_upload_stored", "assignment_pk", "size", where="sweeps = 0"),
    )

    uuid: Mapped[UUID] = mapped_column(unique=True)
    object_key: Mapped[str] = mapped_column(unique=True)
    """Where the store keeps the object: random, unrelated to any public id, and nothing in it comes from a user."""
    call_id: Mapped[UUID]
    """The call that began this upload: the uploads of one batch share it."""
    org_pk: Mapped[int]
    assignment_pk: Mapped[int]
    actor_pk: Mapped[int]
    item_id: Mapped[UUID]
    fingerprint: Mapped[str]
    kind: Mapped[str]
    state: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    unpacked_size: Mapped[int | None] = mapped_column(BigInteger)
    tree_sha256: Mapped[str | None]
    """For submissions: the digest of what is in the archive, where the client announced it."""
    notebooks: Mapped[list[str]] = mapped_column(JSON)
    force: Mapped[bool]
    by_instructor: Mapped[bool]
    """Whether the actor was an instructor of the course at the time."""
    student_pk: Mapped[int | None]
    notebook_id: Mapped[str | None]
    submitted_at: Mapped[datetime | None]
    """For feedback: the stamp of the submission it is about."""
    submission_pk: Mapped[int | None]
    """For feedback: the upload that brought that submission, where the exchange knows it."""
    stamp: Mapped[datetime]
    url_expires_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]
    sweeps: Mapped[int] = mapped_column(default=0)
    """How often garbage collection has deleted the object."""
