"""The wire types of protocol v1: what the plugin sends and what the service answers.

One definition serves both sides. Requests refuse fields they do not know, so that a newer client gets a
clear answer from an older service; answers may grow fields, which older clients ignore.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.json import Decoder

REVISION = 1
"""Grows by one whenever requests or answers gain something. Client and service each say theirs in every message."""

A_REVISION = re.compile(r"[0-9]{1,6}")

PROTOCOL_HEADER = "NBExchange-Protocol"
VERSION_HEADER = "NBExchange-Version"
"""The version of the program that speaks, for people."""

MAX_ITEMS = 100
"""How many items one batch call carries at the most."""

MAX_ROSTER = 10_000
"""How many people a course's roster has at the most: with names of usual length they fit into one call."""

MAX_NAME_BYTES = 255
MAX_PATH_BYTES = 2048
MAX_DEPTH = 32

MAX_NOTEBOOK_PATHS = 64_000
"""Characters of all notebooks' paths of one archive: lists are kept in memory."""

MAX_MEMBERS = 50_000
"""Files and directories in one archive: what is packed must also unpack."""

DEFAULT_MAX_BUFFER_SIZE = 5_253_530_000
"""Bytes of one packed archive, the limit that nbexchange always had."""

UNPACKED_FACTOR = 4
"""`max_unpacked_size` defaults to this many times `max_buffer_size`."""

Kind = Literal["release", "submission", "feedback"]
RoleName = Literal["student", "grader", "instructor"]
"""From the weakest to the strongest. A grader lists, collects and releases feedback, and changes nothing else."""
Verb = Literal[
    "released",
    "fetched",
    "submitted",
    "removed",
    "collected",
    "feedback_released",
    "feedback_fetched",
    "enrolled",
    "unenrolled",
]

CONTACT = ("full_name", "email", "lms_user_id")
"""What may be known of a person beside the name, as identities, rosters and records have it."""

Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", max_length=64)]  # $ alone lets a newline pass
Size = Annotated[int, Meta(ge=1, le=2**62)]
Instant = Annotated[datetime, Meta(tz=True)]
NotebookPaths = list[Annotated[str, Meta(max_length=4096)]]


def is_path_component(name: str) -> bool:
    """Whether `name` can safely be one directory or file name: the rule for every id and every archive member."""
    try:
        encoded = name.encode()
    except UnicodeEncodeError:
        return False
    return (
        0 < len(encoded) <= MAX_NAME_BYTES
        and name not in {".", ".."}
        and not any(c in "/\\" for c in name)
        and not has_control_characters(name)
    )


def has_control_characters(text: str) -> bool:
    return any(ord(c) < 0x20 or 0x7F <= ord(c) <= 0x9F for c in text)


def is_relative_path(path: str) -> bool:
    """Whether `path` is a relative POSIX path that stays below its root, component by component."""
    parts = path.split("/")
    return (
        len(path) <= MAX_PATH_BYTES
        and len(parts) <= MAX_DEPTH
        and all(is_path_component(part) for part in parts)
        and len(path.encode()) <= MAX_PATH_BYTES
    )


class Request(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A body or a query string that a client sends."""


class Answer(Struct, omit_defaults=True):
    """A body that the service sends."""


class Problem(Answer):
    """An RFC 9457 problem. `type` is stable and is what programs switch on; `detail` is for people.

    `retry_after` is in seconds, as in the header: the problem of an item has no header of its own.
    """

    type: str
    title: str
    status: int
    detail: str
    request_id: str | None = None
    limit: int | None = None
    retry_after: int | None = None


class Health(Struct):
    status: Literal["ok"] = "ok"


# --- uploads -----------------------------------------------------------------------------------------------


class UploadItem(Request):
    """One object that a client wants to send, with its size in bytes and digest fixed before the first byte.

    `id` is made by the client and is unique per person: the same id with the same content may be sent again
    at any time. `submitted_at` or `submission_id` say which submission a feedback is for.
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


class InitiateUploads(Request):
    kind: Kind
    course_id: str
    assignment_id: str
    items: Annotated[list[UploadItem], Meta(min_length=1, max_length=MAX_ITEMS)]


class CompleteUploads(Request):
    ids: Annotated[list[UUID], Meta(min_length=1, max_length=MAX_ITEMS)]


class NoQuery(Request):
    """For routes that take no parameters: those that would widen something are refused, not ignored."""


class PendingQuery(Request):
    state: Literal["pending"] = "pending"


class ReleaseRecord(Answer, tag_field="kind", tag="release"):
    """A released version of an assignment."""

    id: UUID
    course_id: str
    assignment_id: str
    version: int
    released_at: Instant
    size: int
    sha256: str
    unpacked_size: int
    notebooks: list[str]


class Feedback(Answer):
    """The feedback on one notebook of one submission, as its student may fetch it now."""

    id: UUID
    notebook_id: str
    submitted_at: Instant
    released_at: Instant
    size: int
    sha256: str


class FeedbackRecord(Feedback, tag_field="kind", tag="feedback"):
    course_id: str = ""
    assignment_id: str = ""
    student_id: str = ""


class SubmissionRecord(Answer, tag_field="kind", tag="submission"):
    """One attempt of one student. `submitted_at` is the server's stamp; `completed_at` when the bytes were there."""

    id: UUID
    course_id: str
    assignment_id: str
    student_id: str
    attempt: int
    submitted_at: Instant
    completed_at: Instant
    size: int
    sha256: str
    unpacked_size: int
    notebooks: list[str]
    submitted_by: str
    by_instructor: bool = False
    full_name: str | None = None
    email: str | None = None
    lms_user_id: str | None = None
    feedback: list[Feedback] = []


Record = ReleaseRecord | SubmissionRecord | FeedbackRecord


class UploadGranted(Answer, tag_field="type", tag="upload"):
    """PUT the bytes to `url` with exactly these headers. A relative URL is relative to the service."""

    id: UUID
    url: str
    headers: dict[str, str]
    expires_at: Instant
    submitted_at: Instant | None = None


class UploadCompleted(Answer, tag_field="type", tag="completed"):
    id: UUID
    record: Record


class UploadInParts(Answer, tag_field="type", tag="multipart"):
    """Reserved: a later service may ask for an upload in parts. A client that cannot says so."""

    id: UUID


class ItemFailed(Answer, tag_field="type", tag="error"):
    id: UUID
    problem: Problem


UploadAnswer = UploadGranted | UploadCompleted | UploadInParts | ItemFailed
CompletionAnswer = UploadCompleted | ItemFailed


class UploadAnswers(Answer):
    items: list[UploadAnswer]


class CompletionAnswers(Answer):
    items: list[CompletionAnswer]


class PendingUpload(Answer):
    id: UUID
    kind: Kind
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


# --- lists -------------------------------------------------------------------------------------------------


class Course(Answer):
    course_id: str
    role: RoleName
    title: str | None = None


class Limits(Answer):
    max_buffer_size: int
    max_unpacked_size: int
    max_items: int


class Quotas(Answer):
    """How much one person may submit and one course may store, in all; 0 is no limit."""

    submissions_per_minute: int
    submissions_per_day: int
    pending_submissions: int
    submitted_bytes_per_day: int
    course_bytes: int


class Me(Answer):
    """Who the service thinks the caller is, what it allows, and where it sends files: URLs begin with `storage_url`."""

    name: str
    org_id: str
    courses: list[Course]
    limits: Limits
    server_time: Instant
    full_name: str | None = None
    email: str | None = None
    version: str = ""
    storage_url: str = ""
    quotas: Quotas | None = None


class AssignmentsQuery(Request):
    course_id: str | None = None


class Assignment(Answer):
    """What one person sees of an assignment: its current release, if any, their own attempts and feedback.

    `feedback` holds what belongs to no attempt that the exchange knows.
    """

    course_id: str
    assignment_id: str
    release: ReleaseRecord | None = None
    submissions: list[SubmissionRecord] = []
    feedback: list[Feedback] = []


class Assignments(Answer):
    assignments: list[Assignment]
    server_time: Instant


class SubmissionsQuery(Request):
    """`before` keeps attempts stamped at or before that instant; `latest` the newest of what is left per student."""

    course_id: str
    assignment_id: str | None = None
    student_id: str | None = None
    latest: bool = False
    before: Instant | None = None
    cursor: str | None = None


class Submissions(Answer):
    """A page of attempts; ask again with `cursor` while there is one."""

    submissions: list[SubmissionRecord]
    cursor: str | None = None


class RemoveSubmissions(Request):
    """Hide attempts: for an instructor from the course's list and collect, for a student from their own list.

    `own` is for an instructor who means their own list.
    """

    ids: Annotated[list[UUID], Meta(min_length=1, max_length=MAX_ITEMS)]
    own: bool = False


class Removed(Answer, tag_field="type", tag="removed"):
    id: UUID


RemovalAnswer = Removed | ItemFailed


class Removals(Answer):
    items: list[RemovalAnswer]


class UnreleaseQuery(Request):
    """Hide an assignment; with `purge` forget it and all that belongs to it, with `dry_run` only count that."""

    course_id: str
    assignment_id: str
    purge: bool = False
    dry_run: bool = False


class Purged(Answer):
    """What a purge removed, or would remove. `objects` and their `bytes` are deleted by the collector."""

    releases: int
    submissions: int
    feedback: int
    objects: int
    bytes: int


class Unreleased(Answer):
    course_id: str
    assignment_id: str
    dry_run: bool = False
    purged: Purged | None = None


# --- rosters -----------------------------------------------------------------------------------------------

PersonalText = Annotated[str, Meta(max_length=255)]


class Member(Answer):
    """Somebody on a course's roster. The personal fields are this course's, and no other course sees them."""

    name: str
    role: RoleName
    full_name: str | None = None
    email: str | None = None
    lms_user_id: str | None = None


class RosterEntry(Request):
    """Who is to be on the roster. What is left out stays as it is, and the empty text erases what was known.

    Without a role, somebody new is a student.
    """

    name: str
    role: RoleName | None = None
    full_name: PersonalText | None = None
    email: PersonalText | None = None
    lms_user_id: PersonalText | None = None


class RosterQuery(Request):
    course_id: str


class Roster(Answer):
    course_id: str
    members: list[Member]


class Enrol(Request):
    """Put people on a roster; `replace` takes off it whoever is not named, `dry_run` only says what would change."""

    course_id: str
    members: Annotated[list[RosterEntry], Meta(min_length=1, max_length=MAX_ROSTER)]
    replace: bool = False
    dry_run: bool = False


class Unenrol(Request):
    course_id: str
    names: Annotated[list[str], Meta(min_length=1, max_length=MAX_ROSTER)]
    dry_run: bool = False


class RosterChange(Answer):
    """Whom a change put on the roster, changed there and took off it, or would; `absent` is who was not on it.

    `removed_staff` has those of the removed who were more than students, with what they were.
    """

    course_id: str
    added: list[str] = []
    changed: list[str] = []
    removed: list[str] = []
    removed_staff: dict[str, RoleName] = {}
    absent: list[str] = []
    unchanged: int = 0
    dry_run: bool = False


# --- the log -----------------------------------------------------------------------------------------------


class HistoryQuery(Request):
    """Filters of the log, all of which narrow. `person` did it, or it was done on their behalf."""

    course_id: str | None = None
    assignment_id: str | None = None
    action: Verb | None = None
    person: str | None = None
    since: Instant | None = None
    until: Instant | None = None
    limit: Annotated[int, Meta(ge=1, le=500)] = 500
    cursor: str | None = None


class Action(Answer):
    """Something that was done, at the server's time. What is about a whole assignment (a purge) has no object.

    Students are not told who released. `object_id` is that of the release, submission or feedback. A change of the
    roster is about a person, in `on_behalf`, and the role that they have from then on or had until then.
    """

    action: Verb
    at: Instant
    course_id: str
    kind: Literal["release", "submission", "feedback", "assignment", "roster"]
    assignment_id: str | None = None
    actor: str | None = None
    on_behalf: str | None = None
    role: RoleName | None = None
    object_id: UUID | None = None
    size: int | None = None
    sha256: str | None = None


class History(Answer):
    """A page of the log, newest first; ask again with `cursor` while there is one."""

    actions: list[Action]
    cursor: str | None = None


# --- downloads ---------------------------------------------------------------------------------------------


class DownloadItem(Request):
    kind: Kind
    id: UUID


class RequestDownloads(Request):
    items: Annotated[list[DownloadItem], Meta(min_length=1, max_length=MAX_ITEMS)]


class DownloadGranted(Answer, tag_field="type", tag="download"):
    """GET `url` with these headers, then check size and digest. A relative URL is relative to the service."""

    id: UUID
    url: str
    headers: dict[str, str]
    expires_at: Instant
    size: int
    sha256: str
    unpacked_size: int | None = None


DownloadAnswer = DownloadGranted | ItemFailed


class DownloadAnswers(Answer):
    items: list[DownloadAnswer]


# msgspec learns a type when it is first used, and brings the process down when two threads are first at once:
# it learns all of them here, where there is one thread.
for _wire_type in [
    value for value in globals().values() if isinstance(value, type) and issubclass(value, Struct)
]:
    Decoder(_wire_type)
