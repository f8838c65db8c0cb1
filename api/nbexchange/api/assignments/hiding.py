"""Removed submissions: hidden from a list, with their bytes and their number among the attempts kept."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import InstrumentedAttribute

from nbexchange.api.access.visibility import parameters, removable_submissions, removal_flag
from nbexchange.api.audit.record import OBJECT, record_objects
from nbexchange.api.db.columns import Cells
from nbexchange.api.db.find_or_create import PersonRow
from nbexchange.api.db.in_list import in_list
from nbexchange.api.db.models import Submission, Upload
from nbexchange.api.db.prepared import Prepared
from nbexchange.api.db.upload_rows import LOCKED_STATES
from nbexchange.api.runtime import Context, Transaction
from nbexchange.protocol import RemoveSubmissions, Verb

Flag = InstrumentedAttribute[bool]

VERBS: dict[Flag, Verb] = {
    Submission.hidden_from_course: "removed",
    Submission.hidden_from_owner: "hidden",
}
"""What the audit log calls the setting of each flag."""


_REMOVABLE = Prepared(removable_submissions(*OBJECT).where(in_list(Upload.uuid, "ids")))


def remove(context: Context, request: RemoveSubmissions) -> set[UUID]:
    """Hide each submission that the caller may hide, and give their ids; doing so again changes nothing.

    An instructor's call hides from the course, unless `own` says that their own list is meant; any other caller's
    hides their own attempts from their own list.
    """
    with context.write() as transaction:
        asked = {**parameters(context.caller), "ids": request.ids}
        rows = _REMOVABLE.fetch(transaction.connection, asked)
        chosen = [
            (row, flag)
            for row in rows
            if (flag := removal_flag(context.caller, row, own=request.own)) is not None
        ]
        if chosen:
            actor = transaction.lock_caller()
            LOCKED_STATES.fetch(transaction.connection, {"pks": [row.pk for row, _ in chosen]})
            for flag in VERBS:
                _hide(transaction, actor, [row for row, chosen_flag in chosen if chosen_flag is flag], flag)
    return {row.uuid for row, _ in chosen}


def _hide(transaction: Transaction, actor: PersonRow, rows: Sequence[Cells], flag: Flag) -> None:
    """Set the flag, and log where it was not set before."""
    if not rows:
        return
    changed = transaction.connection.execute(
        update(Submission)
        .where(Submission.pk.in_([row.pk for row in rows]), ~flag)
        .values({flag: True})
        .returning(Submission.pk)
    ).scalars()
    hidden = set(changed)
    events = [(VERBS[flag], row) for row in rows if row.pk in hidden]
    record_objects(transaction.connection, events, actor, transaction.now)
