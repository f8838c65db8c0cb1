"""Releases, submissions and feedback as records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import cast

from nbexchange import protocol
from nbexchange.api.db.upload_rows import UploadRow


def record_of(upload: UploadRow) -> protocol.Record:
    """The record of what an upload became, for the person who uploaded it."""
    return RECORDS[upload.kind](upload)


def _release(upload: UploadRow) -> protocol.ReleaseRecord:
    return protocol.ReleaseRecord(
        id=upload.uuid,
        course_id=upload.course_id,
        assignment_id=upload.assignment_id,
        version=cast(int, upload.version),
        released_at=cast(datetime, upload.completed_at),
        size=upload.size,
        sha256=upload.sha256,
        unpacked_size=upload.unpacked_size or 0,
        notebooks=upload.notebooks,
    )


def _submission(upload: UploadRow) -> protocol.SubmissionRecord:
    return protocol.SubmissionRecord(
        id=upload.uuid,
        course_id=upload.course_id,
        assignment_id=upload.assignment_id,
        student_id=cast(str, upload.student),
        attempt=cast(int, upload.attempt),
        submitted_at=upload.stamp,
        completed_at=cast(datetime, upload.completed_at),
        size=upload.size,
        sha256=upload.sha256,
        unpacked_size=upload.unpacked_size or 0,
        tree_sha256=upload.tree_sha256,
        notebooks=upload.notebooks,
        submitted_by=upload.actor,
        by_instructor=upload.by_instructor,
        feedback=[],
    )


def _feedback(upload: UploadRow) -> protocol.FeedbackRecord:
    return protocol.FeedbackRecord(
        id=upload.uuid,
        notebook_id=cast(str, upload.notebook_id),
        submitted_at=cast(datetime, upload.submitted_at),
        released_at=cast(datetime, upload.completed_at),
        size=upload.size,
        sha256=upload.sha256,
        course_id=upload.course_id,
        assignment_id=upload.assignment_id,
        student_id=cast(str, upload.student),
    )


RECORDS: Mapping[str, Callable[[UploadRow], protocol.Record]] = {
    "release": _release,
    "submission": _submission,
    "feedback": _feedback,
}
