"""Which uploads may begin: a rule for each kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import and_, func, select

from nbexchange.api.access.permissions import loose_feedback_objection, proxy_objection
from nbexchange.api.db.models import Person, Submission, Upload
from nbexchange.api.db.states import PENDING
from nbexchange.api.problems import (
    AlreadyReleased,
    ExchangeProblem,
    InvalidRequest,
    NotFound,
    TooManyPending,
)
from nbexchange.api.uploads.batch import Batch
from nbexchange.api.uploads.items import check_item
from nbexchange.api.uploads.released import is_released, not_released
from nbexchange.protocol import (
    UploadItem,
)

TICK = timedelta(microseconds=1)


T = TypeVar("T")
Problems = dict[UUID, ExchangeProblem]
"""What is wrong with items, by their ids."""


def admit(
    batch: Batch, items: Sequence[UploadItem]
) -> tuple[list[tuple[UploadItem, dict[str, Any]]], Problems]:
    """The items that may begin, each with the columns that are its kind's own, and what is wrong with the others."""
    kind, limits = batch.request.kind, batch.transaction.runtime.limits
    checked, problems = _try_each(items, lambda item: check_item(item, kind, limits))
    rule = RULES[kind](batch, [item for item, _ in checked])
    admitted, refused = _try_each([item for item, _ in checked], rule.columns)
    return admitted, problems | refused


def _try_each(
    items: Sequence[UploadItem], work: Callable[[UploadItem], T]
) -> tuple[list[tuple[UploadItem, T]], Problems]:
    done: list[tuple[UploadItem, T]] = []
    problems: Problems = {}
    for item in items:
        try:
            done.append((item, work(item)))
        except ExchangeProblem as problem:
            problems[item.id] = problem
    return done, problems


class ReleaseRule:
    """A release begins unless one is current and this one is not forced."""

    def __init__(self, batch: Batch, items: Sequence[UploadItem]) -> None:
        self.batch = batch
        self.is_released = is_released(batch)

    def columns(self, item: UploadItem) -> dict[str, Any]:
        """What is specific to the kind in the row of an upload. Raises for an item that may not begin."""
        if item.student_id is not None or item.tree_sha256 is not None:
            raise InvalidRequest(
                "A release is for no student, and student_id and tree_sha256 are for submissions."
            )
        if self.is_released and not item.force:
            raise AlreadyReleased(f"{self.batch.assignment.assignment_id} is released already.")
        return {}


class SubmissionRule:
    """A submission begins while the assignment is released, and is stamped after the student's last."""

    def __init__(self, batch: Batch, items: Sequence[UploadItem]) -> None:
        self.batch = batch
        if not is_released(batch):
            raise not_released(batch)
        self.proxy_objection = proxy_objection(batch.transaction.caller, batch.request.course_id)
        self.last: dict[int, datetime] = {}
        self.pending: dict[int, int] = {}
        # The actor's own: nobody can use up what somebody else may have pending.
        unfinished = and_(
            Upload.state == PENDING, Upload.expires_at > batch.now, Upload.actor_pk == batch.actor.pk
        )
        rows = batch.transaction.session.execute(
            select(Upload.student_pk, func.max(Upload.stamp), func.count().filter(unfinished))
            .where(
                Upload.assignment_pk == batch.assignment.pk,
                Upload.kind == "submission",
                Upload.student_pk.in_([person.pk for person in batch.people.values()]),
            )
            .group_by(Upload.student_pk)
        )
        for pk, last, pending in rows:
            if pk is not None:
                self.last[pk], self.pending[pk] = last, pending

    def columns(self, item: UploadItem) -> dict[str, Any]:
        student = self._student(item)
        limit = self.batch.transaction.runtime.quotas.pending_submissions
        if 0 < limit <= self.pending.get(student.pk, 0):
            raise TooManyPending(f"{limit} of your submissions for {student.name} are unfinished.")
        stamp = self.batch.now
        if student.pk in self.last:
            stamp = max(stamp, self.last[student.pk] + TICK)
        self.last[student.pk] = stamp
        self.pending[student.pk] = self.pending.get(student.pk, 0) + 1
        return {"student_pk": student.pk, "stamp": stamp}

    def _student(self, item: UploadItem) -> Person:
        name = item.student_id or self.batch.actor.name
        if name != self.batch.actor.name and self.proxy_objection:
            raise self.proxy_objection
        return self.batch.people[name]


class FeedbackRule:
    """Feedback begins when the submission it names is that student's, in this assignment.

    Where only an instant is named and the exchange has no submission of that instant, an instructor's feedback
    stands for itself: the student may have handed in elsewhere.
    """

    def __init__(self, batch: Batch, items: Sequence[UploadItem]) -> None:
        self.batch = batch
        rows = batch.transaction.session.scalars(
            select(Upload)
            .join(Submission, Submission.pk == Upload.pk)
            .where(
                Upload.assignment_pk == batch.assignment.pk,
                Upload.uuid.in_([item.submission_id for item in items if item.submission_id])
                | Upload.stamp.in_([item.submitted_at for item in items if item.submitted_at]),
            )
        ).all()
        self.loose_objection = loose_feedback_objection(batch.transaction.caller, batch.request.course_id)
        self.by_id = {upload.uuid: upload for upload in rows}
        self.by_stamp = {(upload.student_pk, upload.stamp): upload for upload in rows}

    def columns(self, item: UploadItem) -> dict[str, Any]:
        student = self.batch.people[item.student_id or ""]
        submission = self._submission(item, student)
        if submission is None and self.loose_objection:
            raise self.loose_objection
        return {
            "student_pk": student.pk,
            "notebook_id": item.notebook_id,
            "submission_pk": submission.pk if submission else None,
            "submitted_at": submission.stamp if submission else item.submitted_at,
        }

    def _submission(self, item: UploadItem, student: Person) -> Upload | None:
        if item.submission_id is None:
            return self.by_stamp.get((student.pk, item.submitted_at)) if item.submitted_at else None
        submission = self.by_id.get(item.submission_id)
        if submission is None or submission.student_pk != student.pk:
            raise NotFound(f"{student.name} has no such submission in this assignment.")
        return submission


RULES: Mapping[str, type[ReleaseRule | SubmissionRule | FeedbackRule]] = {
    "release": ReleaseRule,
    "submission": SubmissionRule,
    "feedback": FeedbackRule,
}
