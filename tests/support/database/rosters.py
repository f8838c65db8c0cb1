"""Rosters in the database, as tests speak of them."""

from __future__ import annotations

from typing import Any

from nbexchange.api.db.engine import Database
from nbexchange.api.rosters import change as enrolment
from nbexchange.api.rosters import read as rosters
from nbexchange.protocol import Enrol, RoleName, RosterChange, RosterEntry
from support.people.callers import COURSE, Caller

OPERATOR = enrolment.Editor(enrolment.OPERATOR, "1", is_operator=True)


def enrol(caller: Caller, *members: Any, course: str = COURSE, **values: Any) -> Any:
    """Put people on the roster: by their name alone, or with what else is known."""
    rows = [{"name": member} if isinstance(member, str) else member for member in members]
    return caller.post("roster", {"course_id": course, "members": rows, **values})


def unenrol(caller: Caller, *names: str, course: str = COURSE, **values: Any) -> Any:
    return caller.post("roster/remove", {"course_id": course, "names": list(names), **values})


def roster(caller: Caller, course: str = COURSE) -> dict[str, str]:
    """The roles by name."""
    members = caller.get("roster", course_id=course).json["members"]
    return {member["name"]: member["role"] for member in members}


def changed(answer: Any) -> dict[str, Any]:
    """What a change did, without what it did not."""
    assert answer.status_code == 200, answer.json
    return {key: value for key, value in answer.json.items() if key != "course_id"}


def as_operator(
    database: Database,
    *members: tuple[str, RoleName | None],
    replace: bool = False,
    course: str = COURSE,
    create: bool = True,
) -> RosterChange:
    """What the operator's command does."""
    with database.write() as session:
        if create:
            rosters.create_course(session, "1", course)
        entries = [RosterEntry(name, role) for name, role in members]
        return enrolment.enrol(session, OPERATOR, Enrol(course, entries, replace))


def log(caller: Caller, **query: Any) -> list[tuple[str, ...]]:
    """The log of the course, oldest first."""
    actions = reversed(caller.get("history", course_id=COURSE, **query).json["actions"])
    return [(a["action"], a["kind"], a["actor"], a["on_behalf"], a["role"]) for a in actions]
