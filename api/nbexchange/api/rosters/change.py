"""Changes of a roster: people are put on it, changed there, and taken off.

Instructors keep the graders and students of their course, and never its instructors: those are for the administrator
of the exchange, who works at the command line.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import delete, update

from nbexchange.api.access.permissions import may_take_off, require_editor
from nbexchange.api.audit.record import record_roster
from nbexchange.api.db.find_or_create import (
    PersonRow,
    create_course,
    find_course,
    find_organisation,
    find_people,
)
from nbexchange.api.db.inserts import upsert
from nbexchange.api.db.models import Course, Membership
from nbexchange.api.problems import InvalidRequest
from nbexchange.api.rosters.read import find_members, no_course, require_rosters
from nbexchange.api.runtime import Context, Transaction
from nbexchange.protocol import (
    CONTACT,
    ID_RULE,
    MAX_ROSTER,
    Enrol,
    RosterEntry,
    Unenrol,
    Verb,
    has_control_characters,
    is_id,
    plain_contact,
    plain_text,
)

Values = dict[str, Any]
"""The role and the personal fields of a member."""


@dataclass(frozen=True)
class LockedRoster:
    """A roster while it is changed: all other changes of it wait."""

    transaction: Transaction
    course: Course
    people: Mapping[str, PersonRow]
    """The caller, if they are a person, and the people who are to be on the roster."""
    members: Mapping[str, Membership]
    """Who is on it, in the order of their names."""


@dataclass(frozen=True)
class Change:
    """What a change does to a roster; `removed_staff` has the roles of those removed who were more than students."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    removed_staff: dict[str, str] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)
    unchanged: int = 0


def enrol(context: Context, request: Enrol) -> Change:
    """Put people on the roster of a course, or change what they are there; again, it changes nothing.

    Raises `InvalidRequest`, and `AdministratorRequired` where an instructor would change an instructor.
    """
    require_rosters(context)
    checked = msgspec.structs.replace(request, members=_check(request.members))
    with context.write(dry_run=request.dry_run) as transaction:
        return enrol_in(transaction, checked)


def enrol_in(transaction: Transaction, request: Enrol) -> Change:
    """The same in a transaction that is open; all other changes of this roster wait for its end."""
    roster = _lock(transaction, request.course_id, [entry.name for entry in request.members])
    rows = {entry.name: _values(roster.members.get(entry.name), entry) for entry in request.members}
    change = _compare(roster, rows, replace=request.replace)
    new_rows = {name: rows[name] for name in (*change.added, *change.changed)}
    for name, row in new_rows.items():
        require_editor(transaction.caller, name, row["role"], _role(roster, name))
    if len(roster.members) + len(change.added) - len(change.removed) > MAX_ROSTER:
        raise InvalidRequest(f"A roster has {MAX_ROSTER} people at the most.")
    _write(roster, new_rows)
    _remove(roster, change.removed)
    return change


def unenrol(context: Context, request: Unenrol) -> Change:
    """Take people off the roster of a course; raises as `enrol` does."""
    require_rosters(context)
    with context.write(dry_run=request.dry_run) as transaction:
        roster = _lock(transaction, request.course_id)
        names = list(dict.fromkeys(request.names))
        removed = [name for name in names if name in roster.members]
        absent = [name for name in names if name not in roster.members]
        for name in removed:
            require_editor(context.caller, name, _role(roster, name))
        change = Change(removed=removed, removed_staff=_staff(roster, removed), absent=absent)
        _remove(roster, removed)
    return change


def name_course(context: Context, course_id: str, title: str | None = None) -> bool:
    """Make a course, or give one another title; says whether it is new. For the administrator."""
    if not is_id(course_id):
        raise InvalidRequest(f"{course_id[:100]!r} cannot be used as a file name and an id: {ID_RULE}.")
    title = plain_text(title or "") or None
    with context.write() as transaction:
        session, connection = transaction.session, transaction.connection
        org_pk = find_organisation(connection, context.caller.org_id)
        is_new = find_course(session, context.caller.org_id, course_id) is None
        create_course(connection, org_pk, course_id, title)
        if title:
            same = (Course.org_pk == org_pk, Course.course_id == course_id)
            connection.execute(update(Course).where(*same).values(title=title))
    return is_new


# --- what changes -------------------------------------------------------------------------------------------


def _check(entries: Iterable[RosterEntry]) -> list[RosterEntry]:
    """The entries with what they say of people as plain text; raises `InvalidRequest`."""
    checked: dict[str, RosterEntry] = {}
    for entry in entries:
        if not is_id(entry.name):
            raise InvalidRequest(
                f"The name {entry.name[:100]!r} cannot be used as a file name and an id: {ID_RULE}."
            )
        if entry.name in checked:
            raise InvalidRequest(f"{entry.name!r} is named twice.")
        checked[entry.name] = msgspec.structs.replace(
            entry, **{field: _plain(entry, field) for field in CONTACT}
        )
    return list(checked.values())


def _plain(entry: RosterEntry, field: str) -> str | None:
    """What the entry says in a field; where it says something of which nothing could be kept, it is refused."""
    text: str | None = getattr(entry, field)
    if has_control_characters(text or ""):
        raise InvalidRequest(f"What is said of {entry.name!r} has a control character.")
    plain = plain_contact(field, text)
    if text and plain is None:
        raise InvalidRequest(f"{text[:100]!r} cannot be the {field} of {entry.name!r}.")
    return plain if text else text


def _compare(roster: LockedRoster, rows: Mapping[str, Values], *, replace: bool) -> Change:
    """What has to change for the roster to have these rows; an instructor takes no instructor off."""
    members = roster.members
    added = [name for name in rows if name not in members]
    kept = [name for name in rows if name in members]
    changed = [name for name in kept if rows[name] != _stored(members[name])]
    caller = roster.transaction.caller
    absent = [name for name in members if name not in rows] if replace else []
    removed = [name for name in absent if may_take_off(caller, members[name].role)]
    return Change(added, changed, removed, _staff(roster, removed), unchanged=len(kept) - len(changed))


def _staff(roster: LockedRoster, names: Iterable[str]) -> dict[str, str]:
    """The roles of those who are more than students."""
    return {name: role for name in names if (role := roster.members[name].role) != "student"}


def _role(roster: LockedRoster, name: str) -> str | None:
    member = roster.members.get(name)
    return member.role if member else None


def _stored(membership: Membership) -> Values:
    return {name: getattr(membership, name) for name in ("role", *CONTACT)}


def _values(membership: Membership | None, entry: RosterEntry) -> Values:
    """What somebody's row is to say: what the entry leaves out stays."""
    before = _stored(membership) if membership else {"role": "student", **dict.fromkeys(CONTACT)}
    stated = {name: getattr(entry, name) for name in before}
    return {name: before[name] if value is None else value or None for name, value in stated.items()}


# --- writing ------------------------------------------------------------------------------------------------


def _lock(transaction: Transaction, course_id: str, names: Iterable[str] = ()) -> LockedRoster:
    """An instructor's course is created with its roster; the administrator's must exist, so that a typo shows."""
    session, connection, caller = transaction.session, transaction.connection, transaction.caller
    org_pk = find_organisation(connection, caller.org_id)
    # Before the lock: a transaction that waits for another's new row must not hold what that other waits for.
    people = find_people(
        connection, caller.org_id, {*names, *([] if caller.is_administrator else [caller.name])}
    )
    if not caller.is_administrator:
        create_course(connection, org_pk, course_id)
    course = find_course(session, caller.org_id, course_id, lock=True)
    if course is None:
        raise no_course(caller.org_id, course_id)
    return LockedRoster(transaction, course, people, find_members(session, course.pk))


def _write(roster: LockedRoster, rows: Mapping[str, Values]) -> None:
    if not rows:
        return
    course = {"org_pk": roster.course.org_pk, "course_pk": roster.course.pk}
    upsert(
        roster.transaction.connection,
        Membership,
        [{**course, "person_pk": roster.people[name].pk, **row} for name, row in rows.items()],
        key=("course_pk", "person_pk"),
    )
    _record(roster, "enrolled", {name: row["role"] for name, row in rows.items()})


def _remove(roster: LockedRoster, names: Collection[str]) -> None:
    if not names:
        return
    pks = [roster.members[name].pk for name in names]
    roster.transaction.connection.execute(delete(Membership).where(Membership.pk.in_(pks)))
    _record(roster, "unenrolled", {name: roster.members[name].role for name in names})


def _record(roster: LockedRoster, verb: Verb, roles: Mapping[str, str]) -> None:
    transaction = roster.transaction
    actor = roster.people.get(transaction.caller.name, transaction.caller.name)
    record_roster(transaction.connection, verb, roles, roster.course, actor, transaction.now)
