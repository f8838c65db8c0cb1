"""Lists of assignments and submissions, and what takes something off them."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from nbexchange.protocol.base import Answer, Instant, ItemFailed, Request
from nbexchange.protocol.limits import MAX_ITEMS
from nbexchange.protocol.records import Feedback, ReleaseRecord, SubmissionRecord
from nbexchange.protocol.revisions import since


class AssignmentsQuery(Request):
    """Without a course, of all of the caller's."""

    course_id: str | None = None
    cursor: Annotated[str | None, since(2)] = None


class Assignment(Answer):
    """What one person sees of an assignment: its current release, if any, their own attempts and feedback.

    `submissions` has the newest fifty attempts. `feedback` holds what belongs to no attempt that the exchange knows.
    `withdrawn_at` is when the assignment was unreleased, for one that is not released again; older services do not say.
    """

    course_id: str
    assignment_id: str
    release: ReleaseRecord | None = None
    submissions: list[SubmissionRecord] = []
    feedback: list[Feedback] = []
    withdrawn_at: Instant | None = None


class Assignments(Answer):
    """A page of assignments; ask again with `cursor` while there is one.

    A client that states an older revision than 2, or none, gets all of them, or `too-large`.
    """

    assignments: list[Assignment]
    server_time: Instant
    cursor: str | None = None


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


class ReportCollected(Request):
    """Attempts that were downloaded and kept: the log calls them collected from then on. Since revision 2."""

    ids: Annotated[list[UUID], Meta(min_length=1, max_length=MAX_ITEMS)]


class Collected(Answer, tag_field="type", tag="collected"):
    id: UUID


CollectionAnswer = Collected | ItemFailed


class Collections(Answer):
    items: list[CollectionAnswer]


class UnreleaseQuery(Request):
    """Hide an assignment; with `purge` forget it and all that belongs to it, with `dry_run` only count that."""

    course_id: str
    assignment_id: str
    purge: bool = False
    dry_run: bool = False


class Purged(Answer):
    """What a purge removed, or would remove. `objects` and their `bytes` are deleted by garbage collection."""

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
