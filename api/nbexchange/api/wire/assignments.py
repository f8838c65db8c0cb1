"""Answers about assignments, submissions and downloads."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Raw

from nbexchange import protocol
from nbexchange.api.access.identity import Identity
from nbexchange.api.assignments.downloads import DownloadGrant
from nbexchange.api.assignments.listing import AssignmentView
from nbexchange.api.assignments.submissions import SubmissionsPage
from nbexchange.api.assignments.unrelease import PurgeCount
from nbexchange.api.db.columns import Cells
from nbexchange.api.problems import NotFound, Withdrawn
from nbexchange.api.wire.cursors import encode_cursor
from nbexchange.api.wire.pages import Page, fit, in_order
from nbexchange.api.wire.problems import failed_item

NO_SUBMISSION = NotFound("You have no such submission.")

# --- a member's own assignments -----------------------------------------------------------------------------


@dataclass(frozen=True)
class AssignmentsPage(Page):
    """In the order of keys, which an answer is not."""

    server_time: datetime


def assignments_page(
    caller: Identity, views: Sequence[AssignmentView], now: datetime, last_key: int | None
) -> AssignmentsPage:
    entries = fit(_assignment(caller, view) for view in views)
    if len(entries) < len(views):
        last_key = views[len(entries) - 1].assignment.pk
    names = [(view.assignment.course_id, view.assignment.assignment_id) for view in views]
    cursor = None if last_key is None else encode_cursor(last_key)
    return AssignmentsPage(list(zip(names, entries, strict=False)), cursor, now)


def assignments(pages: Sequence[AssignmentsPage]) -> protocol.Assignments:
    """One page, or all of them for a client that knows no pages, in the order of courses and names."""
    return protocol.Assignments(in_order(pages), pages[0].server_time, pages[-1].cursor)


def _assignment(caller: Identity, view: AssignmentView) -> protocol.Assignment:
    row = view.assignment
    return protocol.Assignment(
        course_id=row.course_id,
        assignment_id=row.assignment_id,
        release=_release(row) if row.release_id else None,
        submissions=[_own_attempt(caller, row, *attempt) for attempt in view.attempts],
        feedback=[_feedback(entry) for entry in view.feedback],
        withdrawn_at=row.withdrawn_at,
    )


def _release(row: Cells) -> protocol.ReleaseRecord:
    return protocol.ReleaseRecord(
        id=row.release_id,
        course_id=row.course_id,
        assignment_id=row.assignment_id,
        version=row.version,
        released_at=row.completed_at,
        size=row.size,
        sha256=row.sha256,
        unpacked_size=row.unpacked_size,
        notebooks=_as_stored(row.notebooks),
    )


def _own_attempt(
    caller: Identity, assignment: Cells, row: Cells, feedback: Sequence[Cells]
) -> protocol.SubmissionRecord:
    return protocol.SubmissionRecord(
        id=row.id,
        course_id=assignment.course_id,
        assignment_id=assignment.assignment_id,
        student_id=caller.name,
        attempt=row.attempt,
        submitted_at=row.stamp,
        completed_at=row.completed_at,
        size=row.size,
        sha256=row.sha256,
        unpacked_size=row.unpacked_size,
        tree_sha256=row.tree_sha256,
        notebooks=_as_stored(row.notebooks),
        submitted_by=row.submitted_by or caller.name,
        by_instructor=row.by_instructor,
        feedback=[_feedback(entry) for entry in feedback],
    )


def _feedback(row: Cells) -> protocol.Feedback:
    return protocol.Feedback(
        id=row.id,
        notebook_id=row.notebook_id,
        submitted_at=row.submitted_at,
        released_at=row.completed_at,
        size=row.size,
        sha256=row.sha256,
    )


def _as_stored(notebooks: str) -> Any:
    """JSON in the database, and JSON in the answer."""
    return Raw(notebooks.encode())


# --- a course's submissions ---------------------------------------------------------------------------------


def submissions(course_id: str, page: SubmissionsPage) -> protocol.Submissions:
    """A page with names and addresses, for graders and instructors."""
    entries = fit(_submissions(course_id, page))
    following = page.following
    if len(entries) < len(page.attempts):
        following = page.attempts[len(entries) - 1].key
    return protocol.Submissions(entries, encode_cursor(*following) if following else None)


def _submissions(course_id: str, page: SubmissionsPage) -> Iterator[protocol.SubmissionRecord]:
    """Fields by their position, for the sake of speed: a page has thousands."""
    for attempt in page.attempts:
        assignment, _, number, uuid, student, stamp, completed, size, digest, unpacked, *more = attempt.row
        notebooks, sender, by_instructor, tree, full_name, email, lms_user_id, *_ = more
        yield protocol.SubmissionRecord(
            uuid,
            course_id,
            page.assignments[assignment],
            student,
            number,
            stamp,
            completed,
            size,
            digest,
            unpacked,
            _as_stored(notebooks),
            sender or student,
            by_instructor,
            full_name,
            email,
            lms_user_id,
            [protocol.Feedback(f[-5], f[-4], stamp, *f[-3:]) for f in attempt.feedback],
            tree,
        )


# --- what is done with them ---------------------------------------------------------------------------------


def removals(ids: Sequence[UUID], removed: Collection[UUID]) -> protocol.Removals:
    """In the order of the request."""
    return protocol.Removals(
        [protocol.Removed(item) if item in removed else failed_item(item, NO_SUBMISSION) for item in ids]
    )


def collections(ids: Sequence[UUID], collected: Collection[UUID]) -> protocol.Collections:
    """In the order of the request."""
    return protocol.Collections(
        [protocol.Collected(item) if item in collected else failed_item(item, NO_SUBMISSION) for item in ids]
    )


def unreleased(request: protocol.UnreleaseQuery, purged: PurgeCount | None) -> protocol.Unreleased:
    count = protocol.Purged(**dataclasses.asdict(purged)) if purged else None
    return protocol.Unreleased(request.course_id, request.assignment_id, request.dry_run, count)


def download_answers(
    items: Sequence[protocol.DownloadItem], outcomes: Mapping[tuple[str, UUID], DownloadGrant | Withdrawn]
) -> protocol.DownloadAnswers:
    """In the order of the request."""
    return protocol.DownloadAnswers(
        [_download_answer(item, outcomes.get((item.kind, item.id))) for item in items]
    )


def _download_answer(
    item: protocol.DownloadItem, grant: DownloadGrant | Withdrawn | None
) -> protocol.DownloadAnswer:
    if not isinstance(grant, DownloadGrant):
        return failed_item(item.id, grant or NotFound(f"You have no such {item.kind}."))
    upload, signed = grant.upload, grant.signed
    return protocol.DownloadGranted(
        item.id,
        signed.url,
        dict(signed.headers),
        grant.expires_at,
        upload.size,
        upload.sha256,
        upload.unpacked_size,
    )
