"""Releases, submissions and feedback as records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from nbexchange import protocol
from nbexchange.api.db.models import Feedback, Membership, Person, Release, Submission, Upload
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


def release_record(release: Release) -> protocol.ReleaseRecord:
    upload = release.upload
    return protocol.ReleaseRecord(
        id=upload.uuid,
        course_id=upload.assignment.course.course_id,
        assignment_id=upload.assignment.assignment_id,
        version=release.version,
        released_at=_completed_at(upload),
        size=upload.size,
        sha256=upload.sha256,
        unpacked_size=upload.unpacked_size or 0,
        notebooks=upload.notebooks,
    )


def submission_record(
    submission: Submission, feedback: Sequence[Feedback] = (), **contact: Any
) -> protocol.SubmissionRecord:
    upload = submission.upload
    return protocol.SubmissionRecord(
        id=upload.uuid,
        course_id=upload.assignment.course.course_id,
        assignment_id=upload.assignment.assignment_id,
        student_id=_student(upload).name,
        attempt=submission.attempt,
        submitted_at=upload.stamp,
        completed_at=_completed_at(upload),
        size=upload.size,
        sha256=upload.sha256,
        unpacked_size=upload.unpacked_size or 0,
        tree_sha256=upload.tree_sha256,
        notebooks=upload.notebooks,
        submitted_by=upload.actor.name,
        by_instructor=upload.by_instructor,
        feedback=[feedback_entry(row) for row in feedback],
        **contact,
    )


def contact_of(submission: Submission, membership: Membership | None) -> dict[str, str | None]:
    """Personal fields of a student, for graders and instructors: what the student came with, else the roster's."""
    student = _student(submission.upload)
    return {name: getattr(student, name) or getattr(membership, name, None) for name in protocol.CONTACT}


def feedback_entry(feedback: Feedback) -> protocol.Feedback:
    upload = feedback.upload
    return protocol.Feedback(
        id=upload.uuid,
        notebook_id=feedback.notebook_id,
        submitted_at=feedback.submitted_at,
        released_at=_completed_at(upload),
        size=upload.size,
        sha256=upload.sha256,
    )


def _student(upload: Upload) -> Person:
    assert upload.student is not None  # noqa: S101 - the schema says so, of what is no release
    return upload.student


def _completed_at(upload: Upload) -> datetime:
    assert upload.completed_at is not None  # noqa: S101 - the schema says so, of what is completed
    return upload.completed_at
