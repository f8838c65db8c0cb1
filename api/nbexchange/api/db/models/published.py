"""What completed uploads became: releases, submissions and feedback, each with the key of its upload."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from nbexchange.api.db.models.base import Base, partial_index


class Release(Base):
    """A version of an assignment. The current one is what students fetch; none is current after unrelease."""

    __tablename__ = "release"
    __table_args__ = (
        UniqueConstraint("assignment_pk", "version"),
        ForeignKeyConstraint(["assignment_pk", "pk"], ["upload.assignment_pk", "upload.pk"]),
        partial_index("uq_release_current", "assignment_pk", where="is_current", unique=True),
    )

    assignment_pk: Mapped[int]
    version: Mapped[int]
    is_current: Mapped[bool]


class Submission(Base):
    """One attempt of one student, numbered when it was completed."""

    __tablename__ = "submission"
    __table_args__ = (
        UniqueConstraint("assignment_pk", "student_pk", "attempt"),
        ForeignKeyConstraint(
            ["assignment_pk", "student_pk", "pk"],
            ["upload.assignment_pk", "upload.student_pk", "upload.pk"],
        ),
    )

    assignment_pk: Mapped[int]
    student_pk: Mapped[int]
    attempt: Mapped[int]
    hidden_from_course: Mapped[bool] = mapped_column(default=False)
    """Removed by an instructor: neither listed for the course nor collected."""
    hidden_from_owner: Mapped[bool] = mapped_column(default=False)
    """Removed by its student from their own list."""


class Feedback(Base):
    """Feedback on one notebook. A newer one supersedes an older one on the same submission."""

    __tablename__ = "feedback"
    __table_args__ = (
        ForeignKeyConstraint(
            ["assignment_pk", "student_pk", "pk"],
            ["upload.assignment_pk", "upload.student_pk", "upload.pk"],
        ),
        partial_index(
            "uq_feedback_current",
            "assignment_pk",
            "student_pk",
            "submitted_at",
            "notebook_id",
            where="is_current",
            unique=True,
        ),
    )

    assignment_pk: Mapped[int]
    student_pk: Mapped[int]
    submitted_at: Mapped[datetime]
    notebook_id: Mapped[str]
    is_current: Mapped[bool]
