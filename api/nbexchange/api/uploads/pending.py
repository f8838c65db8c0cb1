"""Uploads that are not finished: listed and aborted by the person who began them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import bindparam, select, update

from nbexchange.api.access.visibility import CALLER, parameters
from nbexchange.api.db.columns import Cells, constant, uuid_text
from nbexchange.api.db.engine import STATEMENT_CLOCK
from nbexchange.api.db.models import Assignment, Course, Upload
from nbexchange.api.db.prepared import Prepared
from nbexchange.api.db.states import ABORTED, COMPLETED, PENDING
from nbexchange.api.problems import NotFound, UploadEnded
from nbexchange.api.runtime import Context

MAX_PENDING = 1000
"""How many unfinished uploads are listed."""


_PENDING = Prepared(
    select(
        uuid_text(Upload.item_id).label("id"),
        Upload.kind,
        Course.course_id,
        Assignment.assignment_id,
        Upload.size,
        Upload.sha256,
        Upload.stamp,
        Upload.expires_at,
    )
    .join(Assignment, Upload.assignment_pk == Assignment.pk)
    .join(Course, Assignment.course_pk == Course.pk)
    .where(
        Upload.actor_pk == CALLER,
        Upload.state == constant(PENDING),
        Upload.expires_at > STATEMENT_CLOCK,
    )
    .order_by(Upload.pk)
    .limit(constant(MAX_PENDING))
)


_OWN = Prepared(
    select(Upload.pk, Upload.state)
    .where(Upload.actor_pk == CALLER, Upload.item_id == bindparam("item_id"))
    .with_for_update(of=Upload, key_share=True)
)


def list_pending(context: Context) -> Sequence[Cells]:
    """The caller's own unfinished uploads, oldest first, with their courses and assignments."""
    with context.read() as transaction:
        return _PENDING.fetch(transaction.connection, parameters(context.caller))


def abort(context: Context, item_id: UUID) -> None:
    """Give up an upload of one's own; aborting it again changes nothing. A completed one stays: `UploadEnded`."""
    with context.write() as transaction:
        rows = _OWN.fetch(transaction.connection, {**parameters(context.caller), "item_id": item_id})
        if not rows:
            raise NotFound("You have no such upload.")
        (row,) = rows
        if row.state == COMPLETED:
            raise UploadEnded(COMPLETED)
        if row.state == PENDING:
            transaction.connection.execute(update(Upload).where(Upload.pk == row.pk).values(state=ABORTED))
