"""What of the audit log a caller may see."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BindParameter, ColumnElement, bindparam, or_

from nbexchange.api.access.identity import Identity
from nbexchange.api.access.permissions import sees_everybody
from nbexchange.api.db.columns import constant
from nbexchange.api.db.events import EVENTS
from nbexchange.api.db.models import Action

SEEN_BY_MEMBERS = [verb for verb, event in EVENTS.items() if event.seen_by_members]

_CALLER: BindParameter[str] = bindparam("caller")
_PERSON: BindParameter[str] = bindparam("person")

_CONCERNS_MEMBERS = [Action.verb == constant(verb) for verb in SEEN_BY_MEMBERS]

Part = Sequence[ColumnElement[bool]]
"""Conditions, all of which hold."""


def visible_parts(*, is_seen_whole: bool, has_person: bool) -> list[Part]:
    """What a caller sees of a course's log: parts without an entry in common, each of them a range of an index.

    Graders and instructors see everything; others what they did, and what concerns every member. Where a `person` is
    asked for, only of what the caller is told who it was: nobody learns a name by asking for it.
    """
    if is_seen_whole and has_person:
        return [[Action.actor == _PERSON], [Action.on_behalf == _PERSON, Action.actor != _PERSON]]
    if is_seen_whole:
        return [[]]
    own = Action.actor == _CALLER
    if has_person:
        return [[own, or_(Action.actor == _PERSON, Action.on_behalf == _PERSON)]]
    return [[own], *([concerns_members, Action.actor != _CALLER] for concerns_members in _CONCERNS_MEMBERS)]


def learns_details(caller: Identity, course_id: str, actor: str) -> bool:
    """Whether the caller learns of an entry who did it, and for whom, and what it was about, by id, size and digest.

    Of an earlier version, or of what was withdrawn, nobody needs them who may not fetch it.
    """
    return sees_everybody(caller, course_id) or actor == caller.name
