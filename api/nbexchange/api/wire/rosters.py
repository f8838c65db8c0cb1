"""Answers about rosters, and the roster of the command line, which speaks in the same types."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from nbexchange import protocol
from nbexchange.api.db.columns import Cells
from nbexchange.api.db.models import Membership
from nbexchange.api.rosters.change import Change
from nbexchange.api.rosters.read import Members
from nbexchange.api.wire.cursors import encode_cursor
from nbexchange.api.wire.pages import Page, fit, in_order


def roster(course_id: str, members: Members) -> protocol.Roster:
    """A whole roster."""
    return protocol.Roster(course_id, [_member(name, row) for name, row in members.items()])


def roster_page(rows: Sequence[Cells], has_more: bool) -> Page:
    """A page of a roster: keys, and what members are made of."""
    members = fit(protocol.Member(*fields) for _, *fields in rows)
    has_more = has_more or len(members) < len(rows)
    cursor = encode_cursor(rows[len(members) - 1].pk) if has_more else None
    return Page([(row.name, member) for row, member in zip(rows, members, strict=False)], cursor)


def roster_of(course_id: str, pages: Sequence[Page]) -> protocol.Roster:
    """One page, or all of them for a client that knows no pages, in the order of the names."""
    return protocol.Roster(course_id, in_order(pages), pages[-1].cursor)


def _member(name: str, row: Membership) -> protocol.Member:
    return protocol.Member(name, row.role, row.full_name, row.email, row.lms_user_id)


def roster_change(course_id: str, change: Change, *, dry_run: bool) -> protocol.RosterChange:
    fields: dict[str, Any] = dataclasses.asdict(change)
    return protocol.RosterChange(course_id, **fields, dry_run=dry_run)
