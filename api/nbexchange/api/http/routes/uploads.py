"""Uploads: initiate, complete, resume, abort."""

from __future__ import annotations

from uuid import UUID

from nbexchange import protocol
from nbexchange.api.access.permissions import COMPLETING_OWNER, UPLOAD_OWNER, UPLOADER
from nbexchange.api.http.current import context
from nbexchange.api.http.operations import Operations
from nbexchange.api.problems import (
    CourseFull,
    NotFound,
    RoleRequired,
    TooManyBytes,
    TooManySubmissions,
    UploadEnded,
)
from nbexchange.api.uploads import complete, initiate, pending
from nbexchange.api.wire import uploads as answers

operations = Operations()


@operations.add(
    "POST",
    "/uploads",
    requires=UPLOADER,
    body=protocol.InitiateUploads,
    answer=protocol.UploadAnswers,
    problems=(NotFound, RoleRequired, TooManySubmissions, TooManyBytes, CourseFull),
)
def initiate_uploads(request: protocol.InitiateUploads) -> protocol.UploadAnswers:
    """Announce uploads by size and digest, and get a signed URL for each.

    A submission is stamped here.
    """
    outcomes = initiate.initiate(context(), request)
    return answers.upload_answers([item.id for item in request.items], outcomes)


@operations.add(
    "GET",
    "/uploads",
    requires=UPLOAD_OWNER,
    query=protocol.PendingQuery,
    answer=protocol.PendingUploads,
)
def list_pending_uploads(query: protocol.PendingQuery) -> protocol.PendingUploads:
    """List the caller's unfinished uploads, to resume or abort them."""
    return answers.pending_uploads(pending.list_pending(context()))


@operations.add(
    "POST",
    "/uploads/complete",
    requires=COMPLETING_OWNER,
    body=protocol.CompleteUploads,
    answer=protocol.CompletionAnswers,
)
def complete_uploads(request: protocol.CompleteUploads) -> protocol.CompletionAnswers:
    """Make uploads visible whose bytes have arrived: as a release, a submission or feedback."""
    return answers.completion_answers(request.ids, complete.complete(context(), request.ids))


@operations.add(
    "DELETE",
    "/uploads/<uuid:item_id>",
    requires=UPLOAD_OWNER,
    answer=protocol.Aborted,
    problems=(NotFound, UploadEnded),
)
def abort_upload(item_id: UUID) -> protocol.Aborted:
    """Give up an upload that is not completed."""
    pending.abort(context(), item_id)
    return answers.aborted(item_id)
