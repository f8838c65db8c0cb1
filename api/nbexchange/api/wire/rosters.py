"""Answers about rosters, and the roster of the command line, which speaks in the same types."""

from __future__ import annotations

import dataclasses
from typing import Any

from nbexchange import protocol
from nbexchange.api.rosters.change import Change
from nbexchange.api.rosters.read import Members


def roster(course_id: str, members: Members) -> protocol.Roster:
    return protocol.Roster(
        course_id,
        [
            protocol.Member(name, row.role, row.full_name, row.email, row.lms_user_id)
            for name, row in members.items()
        ],
    )


def roster_change(course_id: str, change: Change, *, dry_run: bool) -> protocol.RosterChange:
    fields: dict[str, Any] = dataclasses.asdict(change)
    return protocol.RosterChange(course_id, **fields, dry_run=dry_run)
