"""Answers about uploads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from nbexchange import protocol
from nbexchange.api.db.columns import Cells
from nbexchange.api.db.upload_rows import UploadRow
from nbexchange.api.problems import ExchangeProblem
from nbexchange.api.uploads.initiate import UploadGrant
from nbexchange.api.wire.problems import failed_item
from nbexchange.api.wire.records import record_of


def upload_answers(
    ids: Sequence[UUID], outcomes: Mapping[UUID, UploadGrant | UploadRow | ExchangeProblem]
) -> protocol.UploadAnswers:
    """In the order of the request."""
    return protocol.UploadAnswers([_upload_answer(item_id, outcomes[item_id]) for item_id in ids])


def _upload_answer(
    item_id: UUID, outcome: UploadGrant | UploadRow | ExchangeProblem
) -> protocol.UploadAnswer:
    if not isinstance(outcome, UploadGrant):
        return _completion_answer(item_id, outcome)
    upload, signed = outcome.upload, outcome.signed
    return protocol.UploadGranted(
        item_id,
        signed.url,
        dict(signed.headers),
        outcome.expires_at,
        submitted_at=upload.stamp if upload.kind == "submission" else None,
        wants_md5=outcome.wants_md5,
    )


def completion_answers(
    ids: Sequence[UUID], outcomes: Mapping[UUID, UploadRow | ExchangeProblem]
) -> protocol.CompletionAnswers:
    """In the order of the request."""
    return protocol.CompletionAnswers([_completion_answer(item_id, outcomes[item_id]) for item_id in ids])


def _completion_answer(item_id: UUID, outcome: UploadRow | ExchangeProblem) -> protocol.CompletionAnswer:
    if isinstance(outcome, ExchangeProblem):
        return failed_item(item_id, outcome)
    return protocol.UploadCompleted(item_id, record_of(outcome))


def aborted(item_id: UUID) -> protocol.Aborted:
    return protocol.Aborted(item_id)


def pending_uploads(rows: Sequence[Cells]) -> protocol.PendingUploads:
    """Of rows in the order of the fields."""
    return protocol.PendingUploads([protocol.PendingUpload(*row) for row in rows])
