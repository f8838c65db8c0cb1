"""Answers about the audit log."""

from __future__ import annotations

from collections.abc import Sequence

from nbexchange import protocol
from nbexchange.api.access.identity import Identity
from nbexchange.api.access.log import learns_details
from nbexchange.api.db.columns import Cells
from nbexchange.api.wire.cursors import encode_cursor


def history(caller: Identity, page: Sequence[Cells], has_more: bool) -> protocol.History:
    """Of rows in the order of the fields, with their keys last."""
    return protocol.History(
        [_action(caller, row) for row in page], encode_cursor(page[-1].pk) if has_more else None
    )


def _action(caller: Identity, row: Cells) -> protocol.Action:
    verb, at, course_id, kind, assignment_id, actor, on_behalf, role, object_id, size, sha256, _ = row
    if not learns_details(caller, course_id, actor):
        return protocol.Action(verb, at, course_id, kind, assignment_id, role=role)
    return protocol.Action(
        verb, at, course_id, kind, assignment_id, actor, on_behalf, role, object_id, size, sha256
    )
