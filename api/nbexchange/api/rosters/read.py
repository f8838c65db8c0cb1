"""The rosters of courses: who is in which as what, where an installation lets its database say so."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from nbexchange import protocol
from nbexchange.api.access.identity import CourseRole, Identity, strongest
from nbexchange.api.db import find_or_create as people
from nbexchange.api.db.models import Course, Membership, Organisation, Person
from nbexchange.api.problems import NotFound


def add_roles(session: Session, identity: Identity) -> Identity:
    """The caller with the roles that rosters give them, beside those that they came with."""
    rows = session.execute(
        select(Course.course_id, Course.title, Membership.role)
        .join(Course, Membership.course_pk == Course.pk)
        .join(Person, Membership.person_pk == Person.pk)
        .join(Organisation, Person.org_pk == Organisation.pk)
        .where(Organisation.org_id == identity.org_id, Person.name == identity.name)
    )
    places = [(course_id, CourseRole(role, title)) for course_id, title, role in rows]  # type: ignore[arg-type]
    return replace(identity, courses=strongest([*identity.courses.items(), *places]))


def list_roster(session: Session, org_id: str, course_id: str) -> protocol.Roster:
    """Everybody on the roster, by name; nobody where the course has not begun."""
    rows = session.execute(
        select(Person.name, Membership)
        .join(Person, Membership.person_pk == Person.pk)
        .join(Course, Membership.course_pk == Course.pk)
        .join(Organisation, Course.org_pk == Organisation.pk)
        .where(Organisation.org_id == org_id, Course.course_id == course_id)
    )
    members = [
        protocol.Member(name, row.role, row.full_name, row.email, row.lms_user_id) for name, row in rows
    ]
    return protocol.Roster(course_id, sorted(members, key=lambda member: member.name))


def find_memberships(
    session: Session, course_pk: int, person_pks: Collection[int]
) -> Mapping[int, Membership]:
    """What a course's roster knows of these people, by their keys."""
    rows = session.scalars(
        select(Membership).where(Membership.course_pk == course_pk, Membership.person_pk.in_(person_pks))
    )
    return {row.person_pk: row for row in rows}


def find_course(session: Session, org_id: str, course_id: str) -> int | None:
    """The key of the course, if it has begun."""
    wanted = select(Course.pk).join(Organisation, Course.org_pk == Organisation.pk)
    return session.scalar(wanted.where(Organisation.org_id == org_id, Course.course_id == course_id))


def count_members(session: Session) -> list[tuple[str, str, str | None, dict[str, int]]]:
    """Every course with its organisation and title, and how many people of each role are on its roster."""
    rows = session.execute(
        select(
            Organisation.org_id, Course.course_id, Course.title, Membership.role, func.count(Membership.pk)
        )
        .join(Course, Course.org_pk == Organisation.pk)
        .outerjoin(Membership, Membership.course_pk == Course.pk)
        .group_by(Organisation.org_id, Course.course_id, Course.title, Membership.role)
    )
    found: dict[tuple[str, str, str | None], dict[str, int]] = {}
    for org_id, course_id, title, role, number in rows:
        found.setdefault((org_id, course_id, title), {})[role] = number
    return [(*course, numbers) for course, numbers in sorted(found.items(), key=lambda item: item[0][:2])]


# --- courses -----------------------------------------------------------------------------------------------


def create_course(session: Session, org_id: str, course_id: str, title: str | None = None) -> bool:
    """Make a course, or give one another title; says whether it is new."""
    org_pk = people.find_organisation(session, org_id)
    is_new = not find_course(session, org_id, course_id)
    people.make_course(session, org_pk, course_id, title)
    if title:
        same = (Course.org_pk == org_pk, Course.course_id == course_id)
        session.execute(update(Course).where(*same).values(title=title))
    return is_new


def no_course(org_id: str, course_id: str) -> NotFound:
    return NotFound(f"There is no course {course_id!r} in organisation {org_id!r}.")
