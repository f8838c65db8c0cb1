"""Sending files: initiate, complete, pending, abort."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta

from nbexchange.protocol.base import Answer, Instant, ItemFailed, Md5, Request, Sha256, Size
from nbexchange.protocol.limits import MAX_ITEMS
from nbexchange.protocol.records import Kind, KindText, Record
from nbexchange.protocol.revisions import since

NotebookPaths = list[Annotated[str, Meta(max_length=4096)]]


class UploadItem(Request):
    """One object that a client wants to send, with its size in bytes and digest fixed before the first byte.

    `id` is made by the client and is unique per person: the same id with the same content may be sent again
    at any time. `submitted_at` or `submission_id` say which submission a feedback is for. `members` are the files and
    directories of an archive. `tree_sha256` is of what is in that of a submission, without its times: the same for the
    same work, which the archive's digest is not. `md5` is for stores that enforce no SHA-256; it is no part of the
    content, and may be added when the item is sent again.
    """

    id: UUID
    size: Size
    sha256: Sha256
    unpacked_size: Annotated[int, Meta(ge=0, le=2**62)] | None = None
    notebooks: NotebookPaths = []
    student_id: str | None = None
    submission_id: UUID | None = None
    submitted_at: Instant | None = None
    notebook_id: str | None = None
    force: bool = False
    members: Annotated[Annotated[int, Meta(ge=0, le=2**62)] | None, since(2)] = None
    tree_sha256: Annotated[Sha256 | None, since(2)] = None
    md5: Annotated[Md5 | None, since(2)] = None


class InitiateUploads(Request):
    kind: Kind
    course_id: str
    assignment_id: str
    items: Annotated[list[UploadItem], Meta(min_length=1, max_length=MAX_ITEMS)]


class CompleteUploads(Request):
    ids: Annotated[list[UUID], Meta(min_length=1, max_length=MAX_ITEMS)]


class PendingQuery(Request):
    state: Literal["pending"] = "pending"


class UploadGranted(Answer, tag_field="type", tag="upload"):
    """PUT the bytes to `url` with exactly these headers. A relative URL is relative to the service.

    With `wants_md5` the store would check an MD5 as well: a client that can sends the item again with it before.
    """

    id: UUID
    url: str
    headers: dict[str, str]
    expires_at: Instant
    submitted_at: Instant | None = None
    wants_md5: bool = False


class UploadCompleted(Answer, tag_field="type", tag="completed"):
    id: UUID
    record: Record


class UploadInParts(Answer, tag_field="type", tag="multipart"):
    """Reserved: a later service may ask for an upload in parts. A client that cannot says so."""

    id: UUID


UploadAnswer = UploadGranted | UploadCompleted | UploadInParts | ItemFailed
CompletionAnswer = UploadCompleted | ItemFailed


class UploadAnswers(Answer):
    items: list[UploadAnswer]


class CompletionAnswers(Answer):
    items: list[CompletionAnswer]


class PendingUpload(Answer):
    id: UUID
    kind: KindText
    course_id: str
    assignment_id: str
    size: int
    sha256: str
    initiated_at: Instant
    expires_at: Instant


class PendingUploads(Answer):
    items: list[PendingUpload]


class Aborted(Answer):
    id: UUID
