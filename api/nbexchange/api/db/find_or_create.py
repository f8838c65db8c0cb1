"""Rows for the people, courses and assignments that a request is about: found, or made where they are missing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, bindparam, select, update
from sqlalchemy.orm import Session

from nbexchange.api.db.engine import CLOCK
from nbexchange.api.db.in_list import in_list
from nbexchange.api.db.inserts import insert_missing
from nbexchange.api.db.models import Assignment, Course, Organisation, Person
from nbexchange.api.db.prepared import Prepared
from nbexchange.api.problems import NotFound

# --- organisations ------------------------------------------------------------------------------------------


def in_organisation(org_id: str) -> ColumnElement[bool]:
    """The tenant's predicate, for a query that joins `Organisation`."""
    return Organisation.org_id == org_id


def find_organisation(connection: Connection, org_id: str) -> int:
    """The key of the organisation, which its first writing request creates."""
    query = select(Organisation.pk).where(in_organisation(org_id))
    org_pk = connection.execute(query).scalar()
    if org_pk is None:
        insert_missing(connection, Organisation, [{"org_id": org_id}])
        org_pk = connection.execute(query).scalar_one()
    return org_pk


# --- people -------------------------------------------------------------------------------------------------


class PersonRow(NamedTuple):
    """What is known of somebody."""

    pk: int
    org_pk: int
    name: str
    full_name: str | None
    email: str | None
    lms_user_id: str | None


PEOPLE = (
    select(*(getattr(Person, name) for name in PersonRow._fields))
    .join(Organisation, Person.org_pk == Organisation.pk)
    .where(Organisation.org_id == bindparam("org_id"), in_list(Person.name, "names"))
)
NAMED = Prepared(
    select(Organisation.pk, Person.name)
    .outerjoin(Person, and_(Person.org_pk == Organisation.pk, in_list(Person.name, "names")))
    .where(Organisation.org_id == bindparam("org_id"))
)
"""The organisation's key with each of these names that is there, or with none."""
FOUND_PEOPLE = Prepared(PEOPLE, PersonRow)
LOCKED_PEOPLE = Prepared(
    # In one order everywhere, so that no two requests wait for each other.
    PEOPLE.order_by(Person.pk).with_for_update(of=Person, key_share=True),
    PersonRow,
)


def lock_people(connection: Connection, org_id: str, names: Collection[str]) -> Mapping[str, PersonRow]:
    """The people of these names, locked until the transaction ends; missing rows are made.

    The lock makes one person's writes take turns: stamps, attempts and limits are counted under it.
    """
    values = {"org_id": org_id, "names": list(names)}
    if len(names) > 1:
        # Before the locks: a transaction that waits for another's new row must not hold a third's.
        _create_missing(connection, org_id, names)
    rows = LOCKED_PEOPLE.fetch(connection, values)
    if len(rows) < len(names):  # nobody is locked: it is one, who is new
        _create_missing(connection, org_id, names)
        rows = LOCKED_PEOPLE.fetch(connection, values)
    return {row.name: row for row in rows}


def store_contact(connection: Connection, person: PersonRow, contact: Mapping[str, str]) -> None:
    """Store what an identity states of its person; what it omits stays."""
    news = {field: value for field, value in contact.items() if getattr(person, field) != value}
    if news:
        connection.execute(update(Person).where(Person.pk == person.pk).values(news))


def find_people(connection: Connection, org_id: str, names: Collection[str]) -> Mapping[str, PersonRow]:
    """The people of these names, whose rows are made where they are missing."""
    _create_missing(connection, org_id, names)
    rows = FOUND_PEOPLE.fetch(connection, {"org_id": org_id, "names": list(names)})
    return {row.name: row for row in rows}


def _create_missing(connection: Connection, org_id: str, names: Collection[str]) -> None:
    """Make the rows of the organisation and of these people where they are missing."""
    rows = NAMED.fetch(connection, {"org_id": org_id, "names": list(names)})
    org_pk = rows[0].pk if rows else find_organisation(connection, org_id)
    missing = set(names) - {row.name for row in rows}
    insert_missing(connection, Person, [{"org_pk": org_pk, "name": name} for name in sorted(missing)])


# --- courses and assignments --------------------------------------------------------------------------------


class AssignmentRow(NamedTuple):
    """An assignment, with what its course is called."""

    pk: int
    org_pk: int
    course_pk: int
    assignment_id: str
    course_id: str
    title: str | None
    """Of the course."""
    now: datetime
    """When the row was read, by the database's clock: after the locks that the transaction had before."""


ASSIGNMENT = (
    select(
        Assignment.pk,
        Assignment.org_pk,
        Assignment.course_pk,
        Assignment.assignment_id,
        Course.course_id,
        Course.title,
        CLOCK,
    )
    .join(Course, Assignment.course_pk == Course.pk)
    .where(
        Course.org_pk == bindparam("org_pk"),
        Course.course_id == bindparam("course_id"),
        Assignment.assignment_id == bindparam("assignment_id"),
    )
)
SHARED = Prepared(ASSIGNMENT.with_for_update(of=Assignment, read=True, key_share=True), AssignmentRow)
EXCLUSIVE = Prepared(ASSIGNMENT.with_for_update(of=Assignment), AssignmentRow)


def create_course(connection: Connection, org_pk: int, course_id: str, title: str | None = None) -> None:
    """A row for the course, where it has none."""
    insert_missing(connection, Course, [{"org_pk": org_pk, "course_id": course_id, "title": title}])


def find_course(session: Session, org_id: str, course_id: str, *, lock: bool = False) -> Course | None:
    """The course, if it has a row; locked until the transaction ends where that is asked for."""
    query = (
        select(Course)
        .join(Organisation, Course.org_pk == Organisation.pk)
        .where(in_organisation(org_id), Course.course_id == course_id)
    )
    return session.scalars(query.with_for_update(of=Course, key_share=True) if lock else query).one_or_none()


def find_assignment(
    connection: Connection, org_pk: int, course_id: str, assignment_id: str, *, exclusive: bool = False
) -> AssignmentRow:
    """The assignment with its course, or `NotFound`.

    Locked until the transaction ends: an `exclusive` lock waits for all others, and all others wait for it.
    """
    values = {"org_pk": org_pk, "course_id": course_id, "assignment_id": assignment_id}
    rows: list[AssignmentRow] = (EXCLUSIVE if exclusive else SHARED).fetch(connection, values)
    if not rows:
        raise no_assignment(course_id, assignment_id)
    return rows[0]


def no_assignment(course_id: str, assignment_id: str) -> NotFound:
    """Said of one that does not exist, and to those who may not know, of one that is not released."""
    return NotFound(f"There is no assignment {assignment_id!r} in {course_id} now.")


def find_or_create_assignment(
    connection: Connection, org_pk: int, course_id: str, assignment_id: str, title: str | None
) -> AssignmentRow:
    """The assignment, created with its course by the first release or feedback; locked as by `find_assignment`."""
    create_course(connection, org_pk, course_id, title)
    course_pk = connection.execute(
        select(Course.pk).where(Course.org_pk == org_pk, Course.course_id == course_id)
    ).scalar_one()
    row = {"org_pk": org_pk, "course_pk": course_pk, "assignment_id": assignment_id}
    insert_missing(connection, Assignment, [row])
    assignment = find_assignment(connection, org_pk, course_id, assignment_id)
    if title and assignment.title != title:
        # After the assignment: a transaction that waits for its new row must not hold the course.
        connection.execute(update(Course).where(Course.pk == course_pk).values(title=title))
    return assignment
