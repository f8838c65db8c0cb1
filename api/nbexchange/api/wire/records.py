"""Rows turned into what the wire calls records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from nbexchange import protocol
from nbexchange.api.db.models import Assignment, Feedback, Membership, Person, Release, Submission, Upload

Row = Release | Submission | Feedback
Contact = Mapping[str, str | None]

ASSIGNMENT = joinedload(Upload.assignment, innerjoin=True).joinedload(Assignment.course, innerjoin=True)
ACTOR = joinedload(Upload.actor, innerjoin=True)
STUDENT = joinedload(Upload.student)


def find_records(session: Session, uploads: Collection[Upload]) -> dict[int, protocol.Record]:
    """The records of completed uploads, by the upload's key: one statement for each kind among them."""
    pks: dict[str, list[int]] = defaultdict(list)
    for upload in uploads:
        pks[upload.kind].append(upload.pk)
    models: dict[str, Any] = {"release": Release, "submission": Submission, "feedback": Feedback}
    found: dict[int, protocol.Record] = {}
    for kind, wanted in pks.items():
        model = models[kind]
        load = joinedload(model.upload, innerjoin=True).options(ASSIGNMENT, ACTOR, STUDENT)
        rows: Sequence[Row] = session.scalars(select(model).where(model.pk.in_(wanted)).options(load)).all()
        found.update({row.pk: record_of(row) for row in rows})
    return found


def record_of(row: Row) -> protocol.Record:
    match row:
        case Release():
            return release_record(row)
        case Submission():
            return submission_record(row)
        case Feedback():
            return feedback_record(row)


def release_record(release: Release) -> protocol.ReleaseRecord:
    upload = release.upload
    return protocol.ReleaseRecord(
        id=upload.uuid,
        course_id=upload.assignment.course.course_id,
        assignment_id=upload.assignment.assignment_id,
        version=release.version,
        released_at=completed(upload),
        size=upload.size,
        sha256=upload.sha256,
        unpacked_size=upload.unpacked_size or 0,
        notebooks=upload.notebooks,
    )


def contact_of(student: Person, membership: Membership | None) -> Contact:
    """Name and address of a student, for graders and instructors: what the student came with, else the roster's."""
    return {field: getattr(student, field) or getattr(membership, field, None) for field in protocol.CONTACT}


def submission_record(
    submission: Submission, feedback: Sequence[Feedback] = (), contact: Contact | None = None
) -> protocol.SubmissionRecord:
    upload, student = submission.upload, submission.upload.student
    assert student is not None  # noqa: S101 - the schema says so
    return protocol.SubmissionRecord(
        id=upload.uuid,
        course_id=upload.assignment.course.course_id,
        assignment_id=upload.assignment.assignment_id,
        student_id=student.name,
        attempt=submission.attempt,
        submitted_at=upload.stamp,
        completed_at=completed(upload),
        size=upload.size,
        sha256=upload.sha256,
        unpacked_size=upload.unpacked_size or 0,
        notebooks=upload.notebooks,
        submitted_by=upload.actor.name,
        by_instructor=upload.by_instructor,
        feedback=[feedback_entry(row) for row in feedback],
        **(contact or {}),
    )


def feedback_entry(feedback: Feedback) -> protocol.Feedback:
    upload = feedback.upload
    return protocol.Feedback(
        id=upload.uuid,
        notebook_id=feedback.notebook_id,
        submitted_at=feedback.submitted_at,
        released_at=completed(upload),
        size=upload.size,
        sha256=upload.sha256,
    )


def feedback_record(feedback: Feedback) -> protocol.FeedbackRecord:
    upload = feedback.upload
    return protocol.FeedbackRecord(
        **msgspec.structs.asdict(feedback_entry(feedback)),
        course_id=upload.assignment.course.course_id,
        assignment_id=upload.assignment.assignment_id,
        student_id=upload.student.name if upload.student else "",
    )


def completed(upload: Upload) -> datetime:
    assert upload.completed_at is not None  # noqa: S101 - the schema says so
    return upload.completed_at
