"""Courses with their rosters and assignments."""

from __future__ import annotations

from typing import get_args

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from nbexchange.api.db.models.base import Base, one_of
from nbexchange.protocol import RoleName

ROLES = get_args(RoleName)


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
        Index("ix_membership_page", "course_pk", "pk"),
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
        Index("ix_assignment_page", "course_pk", "pk"),
        UniqueConstraint("org_pk", "pk"),
        ForeignKeyConstraint(["org_pk", "course_pk"], ["course.org_pk", "course.pk"]),
    )

    org_pk: Mapped[int]
    course_pk: Mapped[int]
    assignment_id: Mapped[str]
