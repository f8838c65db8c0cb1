"""Changing a roster: who is put on it, and who is taken off.

Instructors keep the graders and students of their course, and never its instructors: those are the operator's, who
is no caller and works at the command line.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from nbexchange import protocol
from nbexchange.api.db import find_or_create as people
from nbexchange.api.db.engine import clock, upsert
from nbexchange.api.db.models import Action, Course, Membership, Person
from nbexchange.api.problems import InvalidRequest, OperatorRequired
from nbexchange.api.rosters.read import no_course
from nbexchange.protocol import CONTACT, MAX_ROSTER, has_control_characters, is_path_component

OPERATOR = "operator/shell"
"""What the log calls the operator: no person's name has a slash."""

Values = dict[str, Any]


@dataclass(frozen=True)
class Editor:
    """Who changes a roster: an instructor of the course, or the operator."""

    name: str
    org_id: str
    is_operator: bool = False


@dataclass(frozen=True)
class Book:
    """A roster in the hands of its editor, for whom all others wait."""

    session: Session
    editor: Editor
    org_pk: int
    course: Course
    pks: Mapping[str, int]
    """The keys of the editor and of who is to be on it, by name."""
    present: Mapping[str, Membership]
    """Who is on it, by name."""
    now: datetime


def enrol(session: Session, editor: Editor, wanted: protocol.Enrol) -> protocol.RosterChange:
    """Put people on the roster of a course, or change what they are there; again, it changes nothing.

    Raises `InvalidRequest`, and `OperatorRequired` where an instructor would touch an instructor. A dry run needs a
    transaction that is one.
    """
    _check(wanted.members)
    book = _open(session, editor, wanted.course_id, [entry.name for entry in wanted.members])
    rows = {entry.name: _values(book.present.get(entry.name), entry) for entry in wanted.members}
    change = _compare(book, rows, wanted)
    new_rows = {name: rows[name] for name in (*change.added, *change.changed)}
    if not editor.is_operator:
        _leave_instructors_alone(book, {name: row["role"] for name, row in new_rows.items()})
    if len(book.present) + len(change.added) - len(change.removed) > MAX_ROSTER:
        raise InvalidRequest(f"A roster has {MAX_ROSTER} people at the most.")
    _write(book, new_rows)
    _remove(book, change.removed)
    return change


def unenrol(session: Session, editor: Editor, wanted: protocol.Unenrol) -> protocol.RosterChange:
    """Take people off the roster of a course; raises as `enrol` does."""
    book = _open(session, editor, wanted.course_id)
    names = list(dict.fromkeys(wanted.names))
    removed = [name for name in names if name in book.present]
    if not editor.is_operator:
        _leave_instructors_alone(book, dict.fromkeys(removed))
    _remove(book, removed)
    absent = [name for name in names if name not in book.present]
    return protocol.RosterChange(
        wanted.course_id,
        removed=removed,
        removed_staff=_staff(book, removed),
        absent=absent,
        dry_run=wanted.dry_run,
    )


def _compare(book: Book, rows: Mapping[str, Values], wanted: protocol.Enrol) -> protocol.RosterChange:
    """What has to change for the roster to have these rows; an instructor takes no instructor off."""
    added = [name for name in rows if name not in book.present]
    kept = [name for name in rows if name in book.present]
    changed = [name for name in kept if rows[name] != _stored(book.present[name])]
    removed = [name for name in book.present if name not in rows] if wanted.replace else []
    if not book.editor.is_operator:
        removed = [name for name in removed if book.present[name].role != "instructor"]
    return protocol.RosterChange(
        wanted.course_id,
        added,
        changed,
        removed,
        _staff(book, removed),
        unchanged=len(kept) - len(changed),
        dry_run=wanted.dry_run,
    )


def _staff(book: Book, names: Iterable[str]) -> dict[str, Any]:
    """The roles of those who are more than students."""
    return {name: role for name in names if (role := book.present[name].role) != "student"}


def _check(entries: Iterable[protocol.RosterEntry]) -> None:
    seen: set[str] = set()
    for entry in entries:
        if not is_path_component(entry.name):
            raise InvalidRequest(f"The name {entry.name[:100]!r} cannot be used as a file name.")
        if entry.name in seen:
            raise InvalidRequest(f"{entry.name!r} is named twice.")
        if any(has_control_characters(getattr(entry, field) or "") for field in CONTACT):
            raise InvalidRequest(f"What is said of {entry.name!r} has a control character.")
        seen.add(entry.name)


def _open(session: Session, editor: Editor, course_id: str, names: Iterable[str] = ()) -> Book:
    """Lock the roster. An instructor's course begins with it; the operator's has to be there, lest it be misspelt."""
    org_pk = people.find_organisation(session, editor.org_id)
    # Before the lock: one who waits for another's new row must not hold what that other waits for.
    pks = people.find_people(session, org_pk, {*names, *([] if editor.is_operator else [editor.name])})
    if not editor.is_operator:
        people.make_course(session, org_pk, course_id)
    course = session.scalars(
        select(Course)
        .where(Course.org_pk == org_pk, Course.course_id == course_id)
        .with_for_update(key_share=True)
    ).one_or_none()
    if course is None:
        raise no_course(editor.org_id, course_id)
    rows = session.execute(
        select(Person.name, Membership)
        .join(Person, Membership.person_pk == Person.pk)
        .where(Membership.course_pk == course.pk)
    )
    present = {name: row for name, row in sorted(rows, key=itemgetter(0))}
    return Book(session, editor, org_pk, course, pks, present, clock(session))


def _stored(membership: Membership) -> Values:
    return {field: getattr(membership, field) for field in ("role", *CONTACT)}


def _values(membership: Membership | None, entry: protocol.RosterEntry) -> Values:
    """What somebody's row is to say: what the entry leaves out stays."""
    before = _stored(membership) if membership else {"role": "student", **dict.fromkeys(CONTACT)}
    given = {field: getattr(entry, field) for field in before}
    return {field: before[field] if value is None else value or None for field, value in given.items()}


def _leave_instructors_alone(book: Book, roles: Mapping[str, str | None]) -> None:
    """Raise where somebody who is an instructor would be changed, or somebody else become one."""
    for name, role in roles.items():
        before = book.present.get(name)
        if role == "instructor" or (before is not None and before.role == "instructor"):
            raise OperatorRequired(
                f"{name!r} is, or would be, an instructor, which only whoever runs the exchange can change."
            )


def _write(book: Book, rows: Mapping[str, Values]) -> None:
    if not rows:
        return
    place = {"org_pk": book.org_pk, "course_pk": book.course.pk}
    upsert(
        book.session,
        Membership,
        [{**place, "person_pk": book.pks[name], **row} for name, row in rows.items()],
        key=("course_pk", "person_pk"),
    )
    _log(book, "enrolled", {name: row["role"] for name, row in rows.items()})


def _remove(book: Book, names: Collection[str]) -> None:
    if not names:
        return
    pks = [book.present[name].pk for name in names]
    book.session.execute(delete(Membership).where(Membership.pk.in_(pks)))
    _log(book, "unenrolled", {name: book.present[name].role for name in names})


def _log(book: Book, verb: str, roles: Mapping[str, str]) -> None:
    about = {
        "verb": verb,
        "kind": "roster",
        "at": book.now,
        "org_pk": book.org_pk,
        "actor_pk": book.pks.get(book.editor.name),
        "actor": book.editor.name,
        "course_id": book.course.course_id,
    }
    rows = [{**about, "on_behalf": name, "role": role} for name, role in roles.items()]
    book.session.execute(insert(Action), rows)
