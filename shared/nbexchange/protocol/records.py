"""What the exchange holds once an upload is complete: releases, submissions, feedback."""

from typing import Annotated, Literal
from uuid import UUID

from nbexchange.protocol.base import Answer, Instant, text_of

Kind = Literal["release", "submission", "feedback"]

KindText = Annotated[str, text_of(Kind)]
"""A kind in an answer."""


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
    tree_sha256: str | None = None


Record = ReleaseRecord | SubmissionRecord | FeedbackRecord
