"""Answers about assignments, submissions and downloads."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from nbexchange import protocol
from nbexchange.api.assignments.downloads import DownloadGrant
from nbexchange.api.assignments.listing import AssignmentView, Attempt, page_key
from nbexchange.api.assignments.unrelease import PurgeCount
from nbexchange.api.problems import NotFound
from nbexchange.api.wire.cursors import encode_cursor
from nbexchange.api.wire.problems import failed_item
from nbexchange.api.wire.records import contact_of, feedback_entry, release_record, submission_record


def assignments(views: Sequence[AssignmentView], now: datetime) -> protocol.Assignments:
    return protocol.Assignments([_assignment(view) for view in views], now)


def _assignment(view: AssignmentView) -> protocol.Assignment:
    return protocol.Assignment(
        course_id=view.assignment.course.course_id,
        assignment_id=view.assignment.assignment_id,
        release=release_record(view.release) if view.release else None,
        submissions=[submission_record(attempt.submission, attempt.feedback) for attempt in view.attempts],
        feedback=[feedback_entry(row) for row in view.feedback],
    )


def submissions(page: Sequence[Attempt], has_more: bool) -> protocol.Submissions:
    """A page with names and addresses, for graders and instructors."""
    records = [
        submission_record(
            attempt.submission, attempt.feedback, **contact_of(attempt.submission, attempt.membership)
        )
        for attempt in page
    ]
    return protocol.Submissions(records, encode_cursor(*page_key(page[-1])) if has_more else None)


def removals(ids: Sequence[UUID], removed: Collection[UUID]) -> protocol.Removals:
    """In the order of the request."""
    absent = NotFound("You have no such submission.")
    return protocol.Removals(
        [protocol.Removed(item) if item in removed else failed_item(item, absent) for item in ids]
    )


def unreleased(request: protocol.UnreleaseQuery, purged: PurgeCount | None) -> protocol.Unreleased:
    count = protocol.Purged(**dataclasses.asdict(purged)) if purged else None
    return protocol.Unreleased(request.course_id, request.assignment_id, request.dry_run, count)


def download_answers(
    items: Sequence[protocol.DownloadItem], grants: Mapping[tuple[str, UUID], DownloadGrant]
) -> protocol.DownloadAnswers:
    """In the order of the request."""
    return protocol.DownloadAnswers(
        [_download_answer(item, grants.get((item.kind, item.id))) for item in items]
    )


def _download_answer(item: protocol.DownloadItem, grant: DownloadGrant | None) -> protocol.DownloadAnswer:
    if grant is None:
        return failed_item(item.id, NotFound(f"You have no such {item.kind}."))
    upload, signed = grant.upload, grant.signed
    return protocol.DownloadGranted(
        item.id,
        signed.url,
        dict(signed.headers),
        signed.expires_at,
        upload.size,
        upload.sha256,
        upload.unpacked_size,
    )
