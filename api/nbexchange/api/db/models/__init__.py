"""What the exchange remembers. The constraints are the specification.

Every row carries the key of its organisation (`org_pk`), and every foreign key includes it: no row can join two
organisations. Public ids are UUIDs made by the service; the one of a release, submission or feedback is that of
the upload which brought its bytes.
"""

from __future__ import annotations

from datetime import datetime
from typing import get_args
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from nbexchange import protocol
from nbexchange.api.db.engine import UtcDateTime

PENDING, COMPLETED = "pending", "completed"
REJECTED, EXPIRED, ABORTED, PURGED = "rejected", "expired", "aborted", "purged"

# SQLite numbers only an INTEGER key by itself.
KEY = BigInteger().with_variant(Integer, "sqlite")

KINDS = get_args(protocol.Kind)
VERBS = get_args(protocol.Verb)
ROLES = get_args(protocol.RoleName)


def one_of(column: str, *values: str) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


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


class Course(Base):
    __tablename__ = "course"
    __table_args__ = (UniqueConstraint("org_pk", "course_id"), UniqueConstraint("org_pk", "pk"))

    org_pk: Mapped[int] = mapped_column(ForeignKey("organisation.pk"))
    course_id: Mapped[str]
    title: Mapped[str | None]


class Membership(Base):
    """Somebody on a course's roster. What is known of them here is the course's own, and no other course sees it."""

    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("course_pk", "person_pk"),
        ForeignKeyConstraint(["org_pk", "course_pk"], ["course.org_pk", "course.pk"]),
        ForeignKeyConstraint(["org_pk", "person_pk"], ["person.org_pk", "person.pk"]),
        CheckConstraint(one_of("role", *ROLES), name="role"),
    )

    org_pk: Mapped[int]
    course_pk: Mapped[int]
    person_pk: Mapped[int] = mapped_column(index=True)
    role: Mapped[str]
    full_name: Mapped[str | None]
    email: Mapped[str | None]
    lms_user_id: Mapped[str | None]


class Assignment(Base):
    __tablename__ = "assignment"
    __table_args__ = (
        UniqueConstraint("course_pk", "assignment_id"),
        UniqueConstraint("org_pk", "pk"),
        ForeignKeyConstraint(["org_pk", "course_pk"], ["course.org_pk", "course.pk"]),
    )

    org_pk: Mapped[int]
    course_pk: Mapped[int]
    assignment_id: Mapped[str]

    course: Mapped[Course] = relationship(lazy="raise", viewonly=True)


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
        CheckConstraint(
            one_of("state", PENDING, COMPLETED, REJECTED, EXPIRED, ABORTED, PURGED), name="state"
        ),
        CheckConstraint("size >= 1", name="size"),
        CheckConstraint("length(sha256) = 64", name="sha256"),
        CheckConstraint("(kind = 'release') = (student_pk IS NULL)", name="student_pk"),
        CheckConstraint("(kind = 'feedback') = (unpacked_size IS NULL)", name="unpacked_size"),
        CheckConstraint("(kind = 'feedback') = (notebook_id IS NOT NULL)", name="notebook_id"),
        CheckConstraint("(kind = 'feedback') = (submitted_at IS NOT NULL)", name="submitted_at"),
        CheckConstraint("kind = 'feedback' OR submission_pk IS NULL", name="submission_pk"),
        CheckConstraint("(state = 'completed') = (completed_at IS NOT NULL)", name="completed_at"),
        Index(
            "uq_upload_stamp",
            "assignment_pk",
            "student_pk",
            "stamp",
            unique=True,
            postgresql_where=text("kind = 'submission'"),
            sqlite_where=text("kind = 'submission'"),
        ),
        Index("ix_upload_due", "state", "url_expires_at"),
        Index("ix_upload_begun", "actor_pk", "expires_at"),
        Index(
            "ix_upload_stored",
            "assignment_pk",
            "size",
            postgresql_where=text("sweeps = 0"),
            sqlite_where=text("sweeps = 0"),
        ),
    )

    uuid: Mapped[UUID] = mapped_column(unique=True)
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
    """How often the collector has deleted the object."""

    assignment: Mapped[Assignment] = relationship(
        primaryjoin="foreign(Upload.assignment_pk) == Assignment.pk", lazy="raise", viewonly=True
    )
    actor: Mapped[Person] = relationship(
        primaryjoin="foreign(Upload.actor_pk) == Person.pk", lazy="raise", viewonly=True
    )
    student: Mapped[Person | None] = relationship(
        primaryjoin="foreign(Upload.student_pk) == Person.pk", lazy="raise", viewonly=True
    )

    @property
    def key(self) -> str:
        """Where the object is: nothing in it comes from a user."""
        suffix = "html" if self.kind == "feedback" else "tar.gz"
        return f"v1/{self.org_pk}/{self.assignment_pk}/{self.kind}/{self.uuid}.{suffix}"


class Release(Base):
    """A version of an assignment. The current one is what students fetch; none is current after unrelease."""

    __tablename__ = "release"
    __table_args__ = (
        UniqueConstraint("assignment_pk", "version"),
        ForeignKeyConstraint(["assignment_pk", "pk"], ["upload.assignment_pk", "upload.pk"]),
        Index(
            "uq_release_current",
            "assignment_pk",
            unique=True,
            postgresql_where=text("is_current"),
            sqlite_where=text("is_current"),
        ),
    )

    assignment_pk: Mapped[int]
    version: Mapped[int]
    is_current: Mapped[bool]

    upload: Mapped[Upload] = relationship(
        primaryjoin="foreign(Release.pk) == Upload.pk", lazy="raise", viewonly=True
    )


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
    student_pk: Mapped[int] = mapped_column(index=True)
    attempt: Mapped[int]
    hidden_from_course: Mapped[bool] = mapped_column(default=False)
    """Removed by an instructor: neither listed for the course nor collected."""
    hidden_from_owner: Mapped[bool] = mapped_column(default=False)
    """Removed by its student from their own list."""

    upload: Mapped[Upload] = relationship(
        primaryjoin="foreign(Submission.pk) == Upload.pk", lazy="raise", viewonly=True
    )


class Feedback(Base):
    """Feedback on one notebook. A newer one supersedes an older one on the same submission."""

    __tablename__ = "feedback"
    __table_args__ = (
        ForeignKeyConstraint(
            ["assignment_pk", "student_pk", "pk"],
            ["upload.assignment_pk", "upload.student_pk", "upload.pk"],
        ),
        Index(
            "uq_feedback_current",
            "assignment_pk",
            "student_pk",
            "submitted_at",
            "notebook_id",
            unique=True,
            postgresql_where=text("is_current"),
            sqlite_where=text("is_current"),
        ),
    )

    assignment_pk: Mapped[int]
    student_pk: Mapped[int] = mapped_column(index=True)
    submitted_at: Mapped[datetime]
    notebook_id: Mapped[str]
    is_current: Mapped[bool]

    upload: Mapped[Upload] = relationship(
        primaryjoin="foreign(Feedback.pk) == Upload.pk", lazy="raise", viewonly=True
    )


class Action(Base):
    """Something that was done: only ever added. Names are copied, so that the log outlives what it speaks of."""

    __tablename__ = "action"
    __table_args__ = (
        CheckConstraint(one_of("verb", *VERBS), name="verb"),
        CheckConstraint(one_of("kind", *KINDS, "assignment", "roster"), name="kind"),
        CheckConstraint("(kind = 'roster') = (verb IN ('enrolled', 'unenrolled'))", name="roster"),
        CheckConstraint("(kind = 'roster') = (assignment_id IS NULL)", name="assignment_id"),
        CheckConstraint("(kind = 'roster') = (role IS NOT NULL)", name="role"),
        Index(
            "uq_action_once",
            "upload_pk",
            "verb",
            unique=True,
            postgresql_where=text("verb IN ('released', 'submitted', 'feedback_released')"),
            sqlite_where=text("verb IN ('released', 'submitted', 'feedback_released')"),
        ),
        Index("ix_action_recent", "actor_pk", "object_id", "at"),
        Index("ix_action_course", "org_pk", "course_id", "pk"),
        Index("ix_action_upload_pk", "upload_pk"),
    )

    verb: Mapped[str]
    kind: Mapped[str]
    """What it was done to: an upload's kind, an assignment as a whole (purged), or the course's roster."""
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
