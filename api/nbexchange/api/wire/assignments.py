"""Answers about assignments, submissions and downloads."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from nbexchange import protocol
from nbexchange.api.assignments.downloads import DownloadGrant
from nbexchange.api.assignments.listing import AssignmentView, Attempt, page_key
from nbexchange.api.assignments.unrelease import PurgeCount
from nbexchange.api.problems import NotFound, Withdrawn
from nbexchange.api.wire.cursors import encode_cursor
from nbexchange.api.wire.pages import all_pages, fit
from nbexchange.api.wire.problems import failed_item
from nbexchange.api.wire.records import contact_of, feedback_entry, release_record, submission_record

NO_SUBMISSION = NotFound("You have no such submission.")


def assignments(views: Sequence[AssignmentView], now: datetime, last_key: int | None) -> protocol.Assignments:
    """A page of assignments, in the order of courses and names."""
    entries = fit([_assignment(view) for view in views])
    if len(entries) < len(views):
        last_key = views[len(entries) - 1].assignment.pk
    entries.sort(key=_place)
    return protocol.Assignments(entries, now, None if last_key is None else encode_cursor(last_key))


def whole_list(list_page: Callable[[str | None], protocol.Assignments]) -> protocol.Assignments:
    """For a client that knows no pages."""
    pages = all_pages(list_page)
    entries = [entry for page in pages for entry in page.assignments]
    return protocol.Assignments(sorted(entries, key=_place), pages[0].server_time)


def _place(entry: protocol.Assignment) -> tuple[str, str]:
    return entry.course_id, entry.assignment_id


def _assignment(view: AssignmentView) -> protocol.Assignment:
    return protocol.Assignment(
        course_id=view.assignment.course.course_id,
        assignment_id=view.assignment.assignment_id,
        release=release_record(view.release) if view.release else None,
        submissions=[submission_record(attempt.submission, attempt.feedback) for attempt in view.attempts],
        feedback=[feedback_entry(row) for row in view.feedback],
        withdrawn_at=view.withdrawn_at,
    )


def submissions(page: Sequence[Attempt], has_more: bool) -> protocol.Submissions:
    """A page with names and addresses, for graders and instructors."""
    records = [
        submission_record(
            attempt.submission, attempt.feedback, **contact_of(attempt.submission, attempt.membership)
        )
        for attempt in page
    ]
    fitting = fit(records)
    has_more = has_more or len(fitting) < len(records)
    return protocol.Submissions(
        fitting, encode_cursor(*page_key(page[len(fitting) - 1])) if has_more else None
    )


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
