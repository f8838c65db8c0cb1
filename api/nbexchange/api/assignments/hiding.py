"""Removed submissions: hidden from a list, with their bytes and their number among the attempts kept."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import InstrumentedAttribute

from nbexchange.api.access.visibility import removable_submissions, removal_flag
from nbexchange.api.audit.record import record_objects
from nbexchange.api.db.find_or_create import PersonRow
from nbexchange.api.db.models import Submission, Upload
from nbexchange.api.runtime import Context, Transaction
from nbexchange.protocol import RemoveSubmissions, Verb

Flag = InstrumentedAttribute[bool]

VERBS: dict[Flag, Verb] = {
    Submission.hidden_from_course: "removed",
    Submission.hidden_from_owner: "hidden",
}
"""What the audit log calls the setting of each flag."""


def remove(context: Context, request: RemoveSubmissions) -> set[UUID]:
    """Hide each submission that the caller may hide, and give their ids; doing so again changes nothing.

    An instructor's call hides from the course, unless `own` says that their own list is meant; any other caller's
    hides their own attempts from their own list.
    """
    with context.write() as transaction:
        query = removable_submissions(context.caller).where(Upload.uuid.in_(request.ids))
        chosen = [
            (row, flag)
            for row in transaction.session.scalars(query)
            if (flag := removal_flag(context.caller, row, own=request.own)) is not None
        ]
        if chosen:
            actor = transaction.lock_caller()
            _lock(transaction, [row for row, _ in chosen])
            for flag in VERBS:
                _hide(transaction, actor, [row for row, chosen_flag in chosen if chosen_flag is flag], flag)
    return {row.upload.uuid for row, _ in chosen}


def _lock(transaction: Transaction, rows: Sequence[Submission]) -> None:
    """In the order in which all uploads are locked."""
    query = select(Upload.pk).where(Upload.pk.in_([row.pk for row in rows]))
    transaction.session.execute(query.order_by(Upload.pk).with_for_update(key_share=True)).all()


def _hide(transaction: Transaction, actor: PersonRow, rows: Sequence[Submission], flag: Flag) -> None:
    """Set the flag, and log where it was not set before."""
    if not rows:
        return
    changed = transaction.session.scalars(
        update(Submission)
        .where(Submission.pk.in_([row.pk for row in rows]), ~flag)
        .values({flag: True})
        .returning(Submission.pk)
        .execution_options(synchronize_session=False)
    ).all()
    events = [(VERBS[flag], row.upload) for row in rows if row.pk in changed]
    record_objects(transaction.session, events, actor, transaction.now)
