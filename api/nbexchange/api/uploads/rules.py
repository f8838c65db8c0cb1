"""Which uploads are admitted: what every item must be, and a rule for each kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from nbexchange.api.access.identity import Identity
from nbexchange.api.db import find_or_create as people
from nbexchange.api.db.find_or_create import Place
from nbexchange.api.db.instants import check_instant
from nbexchange.api.db.models import PENDING, Person, Release, Submission, Upload
from nbexchange.api.problems import (
    AlreadyReleased,
    InvalidRequest,
    NotFound,
    RoleRequired,
    TooLarge,
    TooManyPending,
)
from nbexchange.protocol import (
    MAX_NOTEBOOK_PATHS,
    InitiateUploads,
    Limits,
    Quotas,
    UploadItem,
    is_path_component,
    is_relative_path,
)

UPLOAD_LIFETIME = timedelta(hours=24)
"""How long after initiate an upload can still be completed by its owner."""

TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Occasion:
    """What an admission rests on, read under the locks of the transaction."""

    session: Session
    limits: Limits
    quotas: Quotas
    identity: Identity
    batch: InitiateUploads
    people: Mapping[str, Person]
    place: Place
    now: datetime

    @property
    def expires_at(self) -> datetime:
        """When the uploads end that begin now."""
        return self.now + UPLOAD_LIFETIME

    @property
    def actor(self) -> Person:
        return self.people[self.identity.name]


def check_item(item: UploadItem, batch: InitiateUploads, limits: Limits) -> None:
    """What can be said of an item without looking anything up."""
    _check_limit("packed", item.size, limits.max_buffer_size)
    if batch.kind == "feedback":
        _check_feedback(item)
    else:
        _check_archive(item, limits)
    for name in (item.student_id, item.notebook_id):
        if name is not None and not is_path_component(name):
            raise InvalidRequest("A student's or notebook's id cannot be used as a file name.")


def _check_limit(what: str, size: int, limit: int) -> None:
    if size > limit:
        raise TooLarge(f"The {what} size is {size} bytes, the limit is {limit}.", limit=limit)


def _check_feedback(item: UploadItem) -> None:
    if not item.student_id or not item.notebook_id or not (item.submission_id or item.submitted_at):
        raise InvalidRequest("Feedback needs student_id, notebook_id and submission_id or submitted_at.")
    if item.unpacked_size is not None or item.notebooks:
        raise InvalidRequest("Feedback is no archive: it has no unpacked_size and no notebooks.")
    if item.submitted_at is not None:
        check_instant("submitted_at", item.submitted_at)


def _check_archive(item: UploadItem, limits: Limits) -> None:
    if item.unpacked_size is None:
        raise InvalidRequest("unpacked_size is missing.")
    _check_limit("unpacked", item.unpacked_size, limits.max_unpacked_size)
    if item.notebook_id or item.submission_id or item.submitted_at:
        raise InvalidRequest("notebook_id, submission_id and submitted_at are for feedback.")
    if not all(is_relative_path(path) for path in item.notebooks):
        raise InvalidRequest("A notebook's path is not a relative path.")
    if sum(map(len, item.notebooks)) > MAX_NOTEBOOK_PATHS:
        raise InvalidRequest("The notebooks' paths are too many and too long.")


class ReleaseAdmission:
    """A release is admitted unless one is current and this one is not forced."""

    def __init__(self, occasion: Occasion, items: Sequence[UploadItem]) -> None:
        self.occasion = occasion
        self.released = is_released(occasion.session, occasion.place)

    def admit(self, item: UploadItem) -> dict[str, Any]:
        if item.student_id is not None:
            raise InvalidRequest("A release is for no student.")
        if self.released and not item.force:
            raise AlreadyReleased(f"{self.occasion.place.assignment.assignment_id} is released already.")
        return {}


class SubmissionAdmission:
    """A submission is admitted while the assignment is released, and stamped after the student's last."""

    def __init__(self, occasion: Occasion, items: Sequence[UploadItem]) -> None:
        self.occasion = occasion
        if not is_released(occasion.session, occasion.place):
            raise people.no_assignment(occasion.batch.course_id, occasion.batch.assignment_id)
        self.last: dict[int, datetime] = {}
        self.pending: dict[int, int] = {}
        # The actor's own: nobody can use up the places of somebody else.
        unfinished = and_(
            Upload.state == PENDING,
            Upload.expires_at > occasion.now,
            Upload.actor_pk == occasion.actor.pk,
        )
        rows = occasion.session.execute(
            select(Upload.student_pk, func.max(Upload.stamp), func.count().filter(unfinished))
            .where(
                Upload.assignment_pk == occasion.place.assignment.pk,
                Upload.kind == "submission",
                Upload.student_pk.in_([person.pk for person in occasion.people.values()]),
            )
            .group_by(Upload.student_pk)
        )
        for pk, last, pending in rows:
            if pk is not None:
                self.last[pk], self.pending[pk] = last, pending

    def admit(self, item: UploadItem) -> dict[str, Any]:
        student = self._student(item)
        limit = self.occasion.quotas.pending_submissions
        if self.pending.get(student.pk, 0) >= limit:
            raise TooManyPending(f"{limit} of your submissions for {student.name} are unfinished.")
        stamp = self.occasion.now
        if student.pk in self.last:
            stamp = max(stamp, self.last[student.pk] + TICK)
        self.last[student.pk] = stamp
        self.pending[student.pk] = self.pending.get(student.pk, 0) + 1
        return {"student_pk": student.pk, "stamp": stamp}

    def _student(self, item: UploadItem) -> Person:
        identity = self.occasion.identity
        name = item.student_id or identity.name
        if name != identity.name and not identity.teaches(self.occasion.batch.course_id):
            raise RoleRequired("Only an instructor of the course may submit for somebody else.")
        return self.occasion.people[name]


class FeedbackAdmission:
    """Feedback is admitted when the submission it names is that student's, in this assignment.

    Where only an instant is named and the exchange knows no submission of that instant, an instructor's feedback
    stands for itself: the student may have handed in elsewhere.
    """

    def __init__(self, occasion: Occasion, items: Sequence[UploadItem]) -> None:
        self.occasion = occasion
        rows = occasion.session.scalars(
            select(Upload)
            .join(Submission, Submission.pk == Upload.pk)
            .where(
                Upload.assignment_pk == occasion.place.assignment.pk,
                Upload.uuid.in_([item.submission_id for item in items if item.submission_id])
                | Upload.stamp.in_([item.submitted_at for item in items if item.submitted_at]),
            )
        ).all()
        self.by_id = {upload.uuid: upload for upload in rows}
        self.by_stamp = {(upload.student_pk, upload.stamp): upload for upload in rows}

    def admit(self, item: UploadItem) -> dict[str, Any]:
        student = self.occasion.people[item.student_id or ""]
        submission = self._submission(item, student)
        if submission is None:
            self.occasion.identity.require("instructor", self.occasion.batch.course_id)
        return {
            "student_pk": student.pk,
            "notebook_id": item.notebook_id,
            "submission_pk": submission.pk if submission else None,
            "submitted_at": submission.stamp if submission else item.submitted_at,
        }

    def _submission(self, item: UploadItem, student: Person) -> Upload | None:
        if item.submission_id is None:
            return self.by_stamp.get((student.pk, item.submitted_at)) if item.submitted_at else None
        found = self.by_id.get(item.submission_id)
        if found is None or found.student_pk != student.pk:
            raise NotFound(f"{student.name} has no such submission in this assignment.")
        return found


ADMISSIONS: Mapping[str, type[ReleaseAdmission | SubmissionAdmission | FeedbackAdmission]] = {
    "release": ReleaseAdmission,
    "submission": SubmissionAdmission,
    "feedback": FeedbackAdmission,
}


def is_released(session: Session, place: Place) -> bool:
    current = select(Release.pk).where(Release.assignment_pk == place.assignment.pk, Release.is_current)
    return session.scalar(current) is not None
