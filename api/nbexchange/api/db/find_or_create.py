"""Rows for the people, courses and assignments that a request is about: found, or made where they are missing."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session, contains_eager

from nbexchange.api.db.engine import insert_missing
from nbexchange.api.db.models import Assignment, Course, Organisation, Person
from nbexchange.api.problems import NotFound

# --- organisations ------------------------------------------------------------------------------------------


def in_organisation(org_id: str) -> ColumnElement[bool]:
    """The tenant's predicate, for a query that joins `Organisation`."""
    return Organisation.org_id == org_id


def find_organisation(session: Session, org_id: str) -> int:
    """The key of the organisation, which its first writing request creates."""
    query = select(Organisation.pk).where(in_organisation(org_id))
    org_pk = session.scalar(query)
    if org_pk is None:
        insert_missing(session, Organisation, [{"org_id": org_id}])
        org_pk = session.scalars(query).one()
    return org_pk


# --- people -------------------------------------------------------------------------------------------------


def lock_people(session: Session, org_id: str, names: Collection[str]) -> Mapping[str, Person]:
    """The people of these names, locked until the transaction ends; missing rows are made.

    The lock makes one person's writes take turns: stamps, attempts and limits are counted under it.
    """
    # Before the locks: a transaction that waits for another's new row must not hold a third's.
    org_pk = _create_missing(session, org_id, names)
    query = (
        select(Person)
        .where(Person.org_pk == org_pk, Person.name.in_(names))
        .order_by(Person.pk)  # in one order everywhere, so that no two requests wait for each other
        .with_for_update(key_share=True)
    )
    return {person.name: person for person in session.scalars(query)}


def store_contact(person: Person, contact: Mapping[str, str]) -> None:
    """Store what an identity states of its person; what it omits stays."""
    for field, value in contact.items():
        if getattr(person, field) != value:
            setattr(person, field, value)


def find_people(session: Session, org_id: str, names: Collection[str]) -> Mapping[str, Person]:
    """The people of these names, whose rows are made where they are missing."""
    org_pk = _create_missing(session, org_id, names)
    query = select(Person).where(Person.org_pk == org_pk, Person.name.in_(names))
    return {person.name: person for person in session.scalars(query)}


def _create_missing(session: Session, org_id: str, names: Collection[str]) -> int:
    """Make the rows of the organisation and of these people where they are missing; gives the organisation's key."""
    is_named = and_(Person.org_pk == Organisation.pk, Person.name.in_(names))
    query = select(Organisation.pk, Person.name).outerjoin(Person, is_named).where(in_organisation(org_id))
    rows = session.execute(query).all()
    org_pk = rows[0].pk if rows else find_organisation(session, org_id)
    missing = set(names) - {row.name for row in rows}
    insert_missing(session, Person, [{"org_pk": org_pk, "name": name} for name in sorted(missing)])
    return org_pk


# --- courses and assignments --------------------------------------------------------------------------------


def create_course(session: Session, org_pk: int, course_id: str, title: str | None = None) -> None:
    """A row for the course, where it has none."""
    insert_missing(session, Course, [{"org_pk": org_pk, "course_id": course_id, "title": title}])


def find_course(session: Session, org_id: str, course_id: str, *, lock: bool = False) -> Course | None:
    """The course, if it has a row; locked until the transaction ends where that is asked for."""
    query = (
        select(Course)
        .join(Organisation, Course.org_pk == Organisation.pk)
        .where(in_organisation(org_id), Course.course_id == course_id)
    )
    return session.scalars(query.with_for_update(of=Course, key_share=True) if lock else query).one_or_none()


def find_assignment(
    session: Session, org_pk: int, course_id: str, assignment_id: str, *, exclusive: bool = False
) -> Assignment:
    """The assignment with its course, or `NotFound`.

    Locked until the transaction ends: an `exclusive` lock waits for all others, and all others wait for it.
    """
    assignment = session.scalars(
        select(Assignment)
        .join(Course, Assignment.course_pk == Course.pk)
        .where(
            Course.org_pk == org_pk, Course.course_id == course_id, Assignment.assignment_id == assignment_id
        )
        .options(contains_eager(Assignment.course))
        .with_for_update(of=Assignment, read=not exclusive, key_share=not exclusive)
    ).one_or_none()
    if assignment is None:
        raise no_assignment(course_id, assignment_id)
    return assignment


def no_assignment(course_id: str, assignment_id: str) -> NotFound:
    """Said of one that does not exist, and to those who may not know, of one that is not released."""
    return NotFound(f"There is no assignment {assignment_id!r} in {course_id} now.")


def find_or_create_assignment(
    session: Session, org_pk: int, course_id: str, assignment_id: str, title: str | None
) -> Assignment:
    """The assignment, created with its course by the first release or feedback; locked as by `find_assignment`."""
    create_course(session, org_pk, course_id, title)
    course_pk = session.scalars(
        select(Course.pk).where(Course.org_pk == org_pk, Course.course_id == course_id)
    ).one()
    row = {"org_pk": org_pk, "course_pk": course_pk, "assignment_id": assignment_id}
    insert_missing(session, Assignment, [row])
    assignment = find_assignment(session, org_pk, course_id, assignment_id)
    if title and assignment.course.title != title:
        # After the assignment: a transaction that waits for its new row must not hold the course.
        assignment.course.title = title
    return assignment
