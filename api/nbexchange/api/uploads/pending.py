"""Uploads that are not finished: listed and aborted by the person who began them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from nbexchange.api.access.visibility import own_uploads
from nbexchange.api.db.loading import ASSIGNMENT
from nbexchange.api.db.models import Upload
from nbexchange.api.db.states import ABORTED, COMPLETED, PENDING
from nbexchange.api.problems import NotFound, UploadEnded
from nbexchange.api.runtime import Context

MAX_PENDING = 1000
"""How many unfinished uploads are listed."""


def list_pending(context: Context) -> Sequence[Upload]:
    """The caller's own unfinished uploads, oldest first, with their assignments."""
    with context.read() as transaction:
        query = (
            own_uploads(context.caller)
            .where(Upload.state == PENDING, Upload.expires_at > transaction.now)
            .options(ASSIGNMENT)
            .order_by(Upload.pk)
            .limit(MAX_PENDING)
        )
        return transaction.session.scalars(query).all()


def abort(context: Context, item_id: UUID) -> None:
    """Give up an upload of one's own; aborting it again changes nothing. A completed one stays: `UploadEnded`."""
    with context.write() as transaction:
        query = own_uploads(context.caller).where(Upload.item_id == item_id)
        upload = transaction.session.scalars(query.with_for_update(of=Upload, key_share=True)).one_or_none()
        if upload is None:
            raise NotFound("You have no such upload.")
        if upload.state == COMPLETED:
            raise UploadEnded(COMPLETED)
        if upload.state == PENDING:
            upload.state = ABORTED
