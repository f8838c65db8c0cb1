"""Answers about rosters, and the roster of the command line, which speaks in the same types."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from nbexchange import protocol
from nbexchange.api.db.models import Membership
from nbexchange.api.rosters.change import Change
from nbexchange.api.rosters.read import Members
from nbexchange.api.wire.cursors import encode_cursor
from nbexchange.api.wire.pages import all_pages, fit


def roster(course_id: str, members: Members) -> protocol.Roster:
    """A whole roster."""
    return protocol.Roster(course_id, [_member(name, row) for name, row in members.items()])


def roster_page(course_id: str, rows: Sequence[tuple[str, Membership]], has_more: bool) -> protocol.Roster:
    """A page of a roster, in the order of the names."""
    members = fit([_member(name, row) for name, row in rows])
    has_more = has_more or len(members) < len(rows)
    cursor = encode_cursor(rows[len(members) - 1][1].pk) if has_more else None
    return protocol.Roster(course_id, sorted(members, key=lambda member: member.name), cursor)


def whole_roster(list_page: Callable[[str | None], protocol.Roster]) -> protocol.Roster:
    """For a client that knows no pages."""
    first, *more = all_pages(list_page)
    members = [member for page in (first, *more) for member in page.members]
    return protocol.Roster(first.course_id, sorted(members, key=lambda member: member.name))


def _member(name: str, row: Membership) -> protocol.Member:
    return protocol.Member(name, row.role, row.full_name, row.email, row.lms_user_id)


def roster_change(course_id: str, change: Change, *, dry_run: bool) -> protocol.RosterChange:
    fields: dict[str, Any] = dataclasses.asdict(change)
    return protocol.RosterChange(course_id, **fields, dry_run=dry_run)
