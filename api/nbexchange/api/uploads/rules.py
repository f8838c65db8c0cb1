"""Which uploads may begin: a rule for each kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import bindparam, select

from nbexchange.api.access.permissions import loose_feedback_objection, proxy_objection
from nbexchange.api.db.columns import Cells
from nbexchange.api.db.find_or_create import PersonRow
from nbexchange.api.db.in_list import in_list
from nbexchange.api.db.models import Submission, Upload
from nbexchange.api.db.prepared import Prepared
from nbexchange.api.problems import (
    AlreadyReleased,
    ExchangeProblem,
    InvalidRequest,
    NotFound,
    TooManyPending,
)
from nbexchange.api.uploads.batch import Batch
from nbexchange.api.uploads.items import check_item
from nbexchange.api.uploads.quota_usage import check_person
from nbexchange.api.uploads.released import IS_RELEASED, not_released
from nbexchange.api.uploads.submission_facts import IS_SUBMISSION, read_submission_facts
from nbexchange.protocol import UploadItem

TICK = timedelta(microseconds=1)

RELEASED = Prepared(select(IS_RELEASED))

SUBMISSIONS = (
    select(Upload.pk, Upload.uuid, Upload.student_pk, Upload.stamp)
    .join(Submission, Submission.pk == Upload.pk)
    .where(IS_SUBMISSION, Upload.assignment_pk == bindparam("assignment_pk"))
)
BY_ID = Prepared(SUBMISSIONS.where(in_list(Upload.uuid, "ids")))
BY_STAMP = Prepared(
    SUBMISSIONS.where(in_list(Upload.student_pk, "students"), in_list(Upload.stamp, "instants"))
)

T = TypeVar("T")
Problems = dict[UUID, ExchangeProblem]
"""What is wrong with items, by their ids."""


class Rule(Protocol):
    """What a kind's uploads rest on, read under the locks of a batch."""

    has_existing: bool
    """Whether some of the batch's items may have begun before."""

    def require(self, items: Sequence[UploadItem]) -> None:
        """Raise for what is wrong with all of these items, if they are to begin."""
        ...

    def columns(self, item: UploadItem) -> dict[str, Any]:
        """What is specific to the kind in the row of an upload. Raises for an item that may not begin."""
        ...

    def check_quotas(self, size: int) -> None:
        """Raise where uploads of `size` bytes together are more than the caller has left."""
        ...


def admit(
    batch: Batch, rule: Rule, items: Sequence[UploadItem]
) -> tuple[list[tuple[UploadItem, dict[str, Any]]], Problems]:
    """The items that may begin, each with the columns that are its kind's own, and what is wrong with the others."""
    kind, limits = batch.request.kind, batch.transaction.runtime.limits
    checked, problems = _try_each(items, lambda item: check_item(item, kind, limits))
    rule.require([item for item, _ in checked])
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


class OfStaff:
    """What instructors and graders upload: no person has a quota of it."""

    has_existing = True

    def check_quotas(self, size: int) -> None:
        pass


class ReleaseRule(OfStaff):
    """A release begins unless one is current and this one is not forced."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        values = {"assignment_pk": batch.assignment.pk}
        self.is_released = RELEASED.fetch_value(batch.transaction.connection, values)

    def require(self, items: Sequence[UploadItem]) -> None:
        pass

    def columns(self, item: UploadItem) -> dict[str, Any]:
        if item.student_id is not None or item.tree_sha256 is not None:
            raise InvalidRequest(
                "A release is for no student, and student_id and tree_sha256 are for submissions."
            )
        if self.is_released and not item.force:
            raise AlreadyReleased(f"{self.batch.assignment.assignment_id} is released already.")
        return {}


class SubmissionRule:
    """A submission begins while the assignment is released, and is stamped after the student's last."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.facts = read_submission_facts(batch)
        self.has_existing = self.facts.has_existing
        self.last, self.pending = dict(self.facts.last), dict(self.facts.pending)
        self.proxy_objection = proxy_objection(batch.transaction.caller, batch.request.course_id)

    def require(self, items: Sequence[UploadItem]) -> None:
        if not self.facts.is_released:
            raise not_released(self.batch)

    def check_quotas(self, size: int) -> None:
        check_person(self.batch, self.facts.usage, size)

    def columns(self, item: UploadItem) -> dict[str, Any]:
        student = self._student(item)
        limit = self.batch.transaction.runtime.quotas.pending_submissions
        if 0 < limit <= self.pending[student.pk]:
            raise TooManyPending(f"{limit} of your submissions for {student.name} are unfinished.")
        last = self.last[student.pk]
        stamp = self.batch.now if last is None else max(self.batch.now, last + TICK)
        self.last[student.pk] = stamp
        self.pending[student.pk] += 1
        return {"student_pk": student.pk, "stamp": stamp}

    def _student(self, item: UploadItem) -> PersonRow:
        name = item.student_id or self.batch.actor.name
        if name != self.batch.actor.name and self.proxy_objection:
            raise self.proxy_objection
        return self.batch.people[name]


class FeedbackRule(OfStaff):
    """Feedback begins when the submission it names is that student's, in this assignment.

    Where only an instant is named and the exchange has no submission of that instant, an instructor's feedback
    stands for itself: the student may have handed in elsewhere.
    """

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.loose_objection = loose_feedback_objection(batch.transaction.caller, batch.request.course_id)

    def require(self, items: Sequence[UploadItem]) -> None:
        ids = [item.submission_id for item in items if item.submission_id]
        instants = [item.submitted_at for item in items if item.submitted_at and not item.submission_id]
        students = [person.pk for person in self.batch.people.values()]
        values = {
            "assignment_pk": self.batch.assignment.pk,
            "ids": ids,
            "instants": instants,
            "students": students,
        }
        connection = self.batch.transaction.connection
        self.by_id = {row.uuid: row for row in (BY_ID.fetch(connection, values) if ids else [])}
        rows = BY_STAMP.fetch(connection, values) if instants else []
        self.by_stamp = {(row.student_pk, row.stamp): row for row in rows}

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

    def _submission(self, item: UploadItem, student: PersonRow) -> Cells | None:
        if item.submission_id is None:
            return self.by_stamp.get((student.pk, item.submitted_at)) if item.submitted_at else None
        submission = self.by_id.get(item.submission_id)
        if submission is None or submission.student_pk != student.pk:
            raise NotFound(f"{student.name} has no such submission in this assignment.")
        return submission


RULES: Mapping[str, Callable[[Batch], Rule]] = {
    "release": ReleaseRule,
    "submission": SubmissionRule,
    "feedback": FeedbackRule,
}
