"""Rosters in the database, as tests speak of them."""

from __future__ import annotations

from typing import Any

from nbexchange.api.access.identity import Identity
from nbexchange.api.config.quotas import Quotas
from nbexchange.api.db.engine import Database
from nbexchange.api.rosters.change import Change, name_course
from nbexchange.api.rosters.change import enrol as enrol_members
from nbexchange.api.runtime import Context, Runtime
from nbexchange.protocol import Enrol, Limits, RoleName, RosterEntry
from support.people.callers import COURSE, Caller

LIMITS = Limits(max_buffer_size=10**6, max_unpacked_size=4 * 10**6, max_items=100)


def administrator(database: Database) -> Context:
    """The administrator of the exchange, at the command line."""
    runtime = Runtime(database, _not_here, _not_here, LIMITS, Quotas().values())
    return Context(Identity.administrator("1"), runtime)


def _not_here() -> Any:
    raise AssertionError("a roster needs neither a store nor an authenticator")


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


def as_administrator(
    database: Database,
    *members: tuple[str, RoleName | None],
    make_equal: bool = False,
    course: str = COURSE,
    create: bool = True,
) -> Change:
    """What the administrator's command does."""
    context = administrator(database)
    if create:
        name_course(context, course)
    entries = [RosterEntry(name, role) for name, role in members]
    return enrol_members(context, Enrol(course, entries, make_equal))


def log(caller: Caller, **query: Any) -> list[tuple[str, ...]]:
    """The log of the course, oldest first."""
    actions = reversed(caller.get("history", course_id=COURSE, **query).json["actions"])
    return [(a["action"], a["kind"], a["actor"], a["on_behalf"], a["role"]) for a in actions]
