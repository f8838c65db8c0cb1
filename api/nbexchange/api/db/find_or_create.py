"""Rows for the people, courses and assignments that a writing request is about."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from nbexchange.api.access.identity import Identity
from nbexchange.api.db.engine import insert_missing
from nbexchange.api.db.models import Assignment, Course, Organisation, Person
from nbexchange.api.problems import NotFound


@dataclass(frozen=True)
class Place:
    """An assignment with everything above it."""

    org_pk: int
    course: Course
    assignment: Assignment


def find_organisation(session: Session, org_id: str) -> int:
    """The key of the organisation, which its first writing request brings into being."""
    wanted = select(Organisation.pk).where(Organisation.org_id == org_id)
    found = session.scalar(wanted)
    if found is None:
        insert_missing(session, Organisation, [{"org_id": org_id}])
        found = session.scalars(wanted).one()
    return found


def remember(
    session: Session, org_pk: int, identity: Identity, others: Collection[str] = ()
) -> Mapping[str, Person]:
    """The rows of the caller and of the others who are named, locked until the transaction ends.

    The lock makes one person's writes take turns: stamps, attempts and limits are counted under it. What the
    identity states about the caller is stored; what it omits stays.
    """
    names = {identity.name, *others}
    # Before the locks: one who waits for another's new row must not hold a third's.
    _make_missing(session, org_pk, names)
    people = _lock(session, org_pk, names)
    for field, value in identity.contact.items():
        if getattr(people[identity.name], field) != value:
            setattr(people[identity.name], field, value)
    return people


def find_people(session: Session, org_pk: int, names: Collection[str]) -> Mapping[str, int]:
    """The keys of the people of these names, whose rows are made where they are missing."""
    _make_missing(session, org_pk, names)
    wanted = select(Person.name, Person.pk).where(Person.org_pk == org_pk, Person.name.in_(names))
    return dict(session.execute(wanted).all())


def _make_missing(session: Session, org_pk: int, names: Collection[str]) -> None:
    known = select(Person.name).where(Person.org_pk == org_pk, Person.name.in_(names))
    if missing := set(names) - set(session.scalars(known)):
        insert_missing(session, Person, [{"org_pk": org_pk, "name": name} for name in sorted(missing)])


def _lock(session: Session, org_pk: int, names: Collection[str]) -> dict[str, Person]:
    wanted = (
        select(Person)
        .where(Person.org_pk == org_pk, Person.name.in_(names))
        .order_by(Person.pk)  # in one order everywhere, so that no two requests wait for each other
        .with_for_update(key_share=True)
    )
    return {person.name: person for person in session.scalars(wanted)}


def find_place(
    session: Session, org_pk: int, course_id: str, assignment_id: str, *, alone: bool = False
) -> Place:
    """The assignment, or `NotFound`.

    Locked until the transaction ends: who has it `alone` waits for all others that found it, and they for them.
    """
    row = session.execute(
        select(Course, Assignment)
        .join(Assignment, Assignment.course_pk == Course.pk)
        .where(
            Course.org_pk == org_pk, Course.course_id == course_id, Assignment.assignment_id == assignment_id
        )
        .with_for_update(of=Assignment, read=not alone, key_share=not alone)
    ).one_or_none()
    if row is None:
        raise no_assignment(course_id, assignment_id)
    return Place(org_pk, *row)


def no_assignment(course_id: str, assignment_id: str) -> NotFound:
    """Said of one that is not there, and to those who may not know, of one that is not released."""
    return NotFound(f"There is no assignment {assignment_id!r} in {course_id} now.")


def make_course(session: Session, org_pk: int, course_id: str, title: str | None = None) -> None:
    """A row for the course, where it has none."""
    insert_missing(session, Course, [{"org_pk": org_pk, "course_id": course_id, "title": title}])


def make_place(session: Session, org_pk: int, course_id: str, assignment_id: str, title: str | None) -> Place:
    """The assignment, brought into being with its course by the first release or feedback."""
    make_course(session, org_pk, course_id, title)
    course = session.scalars(
        select(Course).where(Course.org_pk == org_pk, Course.course_id == course_id)
    ).one()
    row = {"org_pk": org_pk, "course_pk": course.pk, "assignment_id": assignment_id}
    insert_missing(session, Assignment, [row])
    place = find_place(session, org_pk, course_id, assignment_id)
    if title and place.course.title != title:
        place.course.title = (
            title  # after the assignment: whoever waits for its new row must not hold the course
        )
    return place
