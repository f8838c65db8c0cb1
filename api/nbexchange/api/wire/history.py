"""Answers about the audit log."""

from __future__ import annotations

from collections.abc import Sequence

from nbexchange import protocol
from nbexchange.api.access.identity import Identity
from nbexchange.api.access.visibility import learns_details
from nbexchange.api.db.models import Action
from nbexchange.api.wire.cursors import encode_cursor


def history(caller: Identity, page: Sequence[Action], has_more: bool) -> protocol.History:
    return protocol.History(
        [_action(row, whole=learns_details(caller, row)) for row in page],
        encode_cursor(page[-1].pk) if has_more else None,
    )


def _action(row: Action, *, whole: bool) -> protocol.Action:
    return protocol.Action(
        action=row.verb,
        at=row.at,
        course_id=row.course_id,
        assignment_id=row.assignment_id,
        kind=row.kind,
        actor=row.actor if whole else None,
        on_behalf=row.on_behalf if whole else None,
        role=row.role,
        object_id=row.object_id if whole else None,
        size=row.size if whole else None,
        sha256=row.sha256 if whole else None,
    )
