"""Uploads begin: announced, checked, stamped, and only then given a URL."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeGuard
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import Select, func, insert, select
from sqlalchemy.orm import Session, joinedload

from nbexchange.api import people
from nbexchange.api.database import clock
from nbexchange.api.identity import Identity
from nbexchange.api.models import (
    ABORTED,
    COMPLETED,
    PENDING,
    Assignment,
    Organisation,
    Person,
    Release,
    Submission,
    Upload,
)
from nbexchange.api.people import Place
from nbexchange.api.problems import (
    AlreadyReleased,
    ExchangeProblem,
    IdReused,
    InvalidRequest,
    NotFound,
    RoleRequired,
    TooLarge,
    TooManyPending,
    UploadOver,
)
from nbexchange.api.records import find_records
from nbexchange.api.services import Services
from nbexchange.protocol import (
    InitiateUploads,
    ItemFailed,
    Limits,
    PendingUpload,
    Record,
    UploadAnswer,
    UploadCompleted,
    UploadGranted,
    UploadItem,
    is_path_component,
    is_relative_path,
)
from nbexchange.storage import URL_LIFETIME

UPLOAD_LIFETIME = timedelta(hours=24)
"""How long after initiate an upload can still be completed by its owner."""

MAX_PENDING = 3
"""Unfinished uploads of one student for one assignment: nobody prepares variants and chooses later."""

TICK = timedelta(microseconds=1)


def initiate(services: Services, identity: Identity, batch: InitiateUploads) -> list[UploadAnswer]:
    """Announce uploads and get a URL for each; the bytes are fixed from here on, and so is the stamp.

    Releases and feedback are for instructors of the course, submissions for its members. Raises for what is
    wrong with all items; what is wrong with one is that item's answer.
    """
    check_batch(identity, batch)
    with services.database.write() as session:
        opened = Initiation.begin(session, services.limits, identity, batch)
        outcome = opened.decide()
        records = find_records(session, [u for u in outcome.values() if is_completed(u)])
        session.flush()
        session.expunge_all()
    return [_answer(services, item.id, outcome[item.id], records) for item in batch.items]


def check_batch(identity: Identity, batch: InitiateUploads) -> None:
    if batch.kind == "submission":
        identity.require_member(batch.course_id)
    else:
        identity.require_instructor(batch.course_id)
    if not is_path_component(batch.assignment_id) or "+" in batch.assignment_id:
        raise InvalidRequest("This cannot be an assignment's id.")
    if len({item.id for item in batch.items}) < len(batch.items):
        raise InvalidRequest("Two items have the same id.")


Outcome = Upload | ExchangeProblem


@dataclass
class Initiation:
    """One batch, decided in one transaction with the same number of statements however many items it has."""

    session: Session
    limits: Limits
    identity: Identity
    batch: InitiateUploads
    people: Mapping[str, Person]
    place: Place
    now: datetime

    @classmethod
    def begin(
        cls, session: Session, limits: Limits, identity: Identity, batch: InitiateUploads
    ) -> Initiation:
        org_pk = people.find_organisation(session, identity.org_id)
        students = {item.student_id for item in batch.items if item.student_id}
        named = {name for name in students if is_path_component(name)}
        if batch.kind == "submission" and not identity.teaches(batch.course_id):
            named = set()
        known = people.remember(session, org_pk, identity, named)
        place = _find_place(session, org_pk, identity, batch)
        return cls(session, limits, identity, batch, known, place, clock(session))

    def decide(self) -> dict[UUID, Outcome]:
        """An upload row or a problem for each item, by item id."""
        existing = self._find_existing()
        fresh = [item for item in self.batch.items if item.id not in existing]
        outcome = self._open(fresh) if fresh else {}
        for item in self.batch.items:
            if item.id in existing:
                outcome[item.id] = self._replay(item, existing[item.id])
        return outcome

    def _find_existing(self) -> dict[UUID, Upload]:
        actor = self.people[self.identity.name]
        wanted = select(Upload).where(
            Upload.actor_pk == actor.pk, Upload.item_id.in_([item.id for item in self.batch.items])
        )
        return {upload.item_id: upload for upload in self.session.scalars(wanted)}

    def _replay(self, item: UploadItem, upload: Upload) -> Outcome:
        """The same answer for the same content, with a fresh URL while the upload is open."""
        if upload.fingerprint != fingerprint(self.batch, item):
            return IdReused("This id was used before, for other content.")
        if upload.state == PENDING and self.now >= upload.expires_at:
            return UploadOver("expired")
        if upload.state == PENDING:
            upload.url_expires_at = min(self.now + URL_LIFETIME, upload.expires_at)
        elif upload.state != COMPLETED:
            return UploadOver(upload.state)
        return upload

    def _open(self, items: Sequence[UploadItem]) -> dict[UUID, Outcome]:
        admission = _ADMISSIONS[self.batch.kind](self)
        outcome: dict[UUID, Outcome] = {}
        rows = []
        for item in items:
            try:
                check_item(item, self.batch, self.limits)
                rows.append(self._row(item) | admission.admit(item))
            except ExchangeProblem as problem:
                outcome[item.id] = problem
        if rows:
            self.session.execute(insert(Upload), rows)
        return outcome | self._find_existing()

    def _row(self, item: UploadItem) -> dict[str, Any]:
        return {
            "uuid": uuid4(),
            "org_pk": self.place.org_pk,
            "assignment_pk": self.place.assignment.pk,
            "actor_pk": self.people[self.identity.name].pk,
            "item_id": item.id,
            "fingerprint": fingerprint(self.batch, item),
            "kind": self.batch.kind,
            "state": PENDING,
            "size": item.size,
            "sha256": item.sha256,
            "unpacked_size": item.unpacked_size,
            "notebooks": item.notebooks,
            "force": item.force,
            "by_instructor": self.identity.teaches(self.batch.course_id),
            "stamp": self.now,
            "url_expires_at": self.now + URL_LIFETIME,
            "expires_at": self.now + UPLOAD_LIFETIME,
        }


def _find_place(session: Session, org_pk: int, identity: Identity, batch: InitiateUploads) -> Place:
    if batch.kind == "release":
        title = identity.courses[batch.course_id].title
        return people.make_place(session, org_pk, batch.course_id, batch.assignment_id, title)
    return people.find_place(session, org_pk, batch.course_id, batch.assignment_id)


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
    if item.submitted_at is not None and item.submitted_at.tzinfo is None:
        raise InvalidRequest("submitted_at needs a time zone.")


def _check_archive(item: UploadItem, limits: Limits) -> None:
    if item.unpacked_size is None:
        raise InvalidRequest("unpacked_size is missing.")
    _check_limit("unpacked", item.unpacked_size, limits.max_unpacked_size)
    if item.notebook_id or item.submission_id or item.submitted_at:
        raise InvalidRequest("notebook_id, submission_id and submitted_at are for feedback.")
    if not all(is_relative_path(path) for path in item.notebooks):
        raise InvalidRequest("A notebook's path is not a relative path.")


class ReleaseAdmission:
    """A release is admitted unless one is current and this one is not forced."""

    def __init__(self, initiation: Initiation) -> None:
        self.initiation = initiation
        self.released = is_released(initiation.session, initiation.place)

    def admit(self, item: UploadItem) -> dict[str, Any]:
        if item.student_id is not None:
            raise InvalidRequest("A release is for no student.")
        if self.released and not item.force:
            raise AlreadyReleased(
                f"{self.initiation.place.assignment.assignment_id} is released already; force makes a new version."
            )
        return {}


class SubmissionAdmission:
    """A submission is admitted while the assignment is released, and stamped after the student's last."""

    def __init__(self, initiation: Initiation) -> None:
        self.initiation = initiation
        self.released = is_released(initiation.session, initiation.place)
        self.last: dict[int, datetime] = {}
        self.pending: dict[int, int] = {}
        rows = initiation.session.execute(
            select(Upload.student_pk, func.max(Upload.stamp), func.count().filter(Upload.state == PENDING))
            .where(
                Upload.assignment_pk == initiation.place.assignment.pk,
                Upload.kind == "submission",
                Upload.student_pk.in_([person.pk for person in initiation.people.values()]),
            )
            .group_by(Upload.student_pk)
        )
        for pk, last, pending in rows:
            if pk is not None:
                self.last[pk], self.pending[pk] = last, pending

    def admit(self, item: UploadItem) -> dict[str, Any]:
        if not self.released:
            raise NotFound("The assignment is not released, so nothing can be submitted to it.")
        student = self._student(item)
        if self.pending.get(student.pk, 0) >= MAX_PENDING:
            raise TooManyPending(
                f"{MAX_PENDING} submissions of {student.name} are unfinished: complete or abort one."
            )
        stamp = self.initiation.now
        if student.pk in self.last:
            stamp = max(stamp, self.last[student.pk] + TICK)
        self.last[student.pk] = stamp
        self.pending[student.pk] = self.pending.get(student.pk, 0) + 1
        return {"student_pk": student.pk, "stamp": stamp}

    def _student(self, item: UploadItem) -> Person:
        identity = self.initiation.identity
        name = item.student_id or identity.name
        if name != identity.name and not identity.teaches(self.initiation.batch.course_id):
            raise RoleRequired("Only an instructor of the course may submit for somebody else.")
        return self.initiation.people[name]


class FeedbackAdmission:
    """Feedback is admitted when the submission it names is that student's, in this assignment.

    Where only an instant is named and the exchange knows no submission of that instant, the feedback stands
    for itself: the student may have handed in elsewhere.
    """

    def __init__(self, initiation: Initiation) -> None:
        self.initiation = initiation
        items = initiation.batch.items
        rows = initiation.session.scalars(
            select(Upload)
            .join(Submission, Submission.pk == Upload.pk)
            .where(
                Upload.assignment_pk == initiation.place.assignment.pk,
                Upload.uuid.in_([item.submission_id for item in items if item.submission_id])
                | Upload.stamp.in_(
                    [item.submitted_at for item in items if item.submitted_at and item.submitted_at.tzinfo]
                ),
            )
        ).all()
        self.by_id = {upload.uuid: upload for upload in rows}
        self.by_stamp = {(upload.student_pk, upload.stamp): upload for upload in rows}

    def admit(self, item: UploadItem) -> dict[str, Any]:
        student = self.initiation.people[item.student_id or ""]
        submission = self._submission(item, student)
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


_ADMISSIONS: Mapping[str, type[ReleaseAdmission | SubmissionAdmission | FeedbackAdmission]] = {
    "release": ReleaseAdmission,
    "submission": SubmissionAdmission,
    "feedback": FeedbackAdmission,
}


def is_released(session: Session, place: people.Place) -> bool:
    current = select(Release.pk).where(Release.assignment_pk == place.assignment.pk, Release.is_current)
    return session.scalar(current) is not None


def fingerprint(batch: InitiateUploads, item: UploadItem) -> str:
    content = msgspec.json.encode([batch.kind, batch.course_id, batch.assignment_id, item])
    return hashlib.sha256(content).hexdigest()


def is_completed(outcome: Outcome) -> TypeGuard[Upload]:
    return isinstance(outcome, Upload) and outcome.state == COMPLETED


def _answer(
    services: Services, item_id: UUID, outcome: Outcome, records: Mapping[int, Record]
) -> UploadAnswer:
    if isinstance(outcome, ExchangeProblem):
        return ItemFailed(item_id, outcome.to_wire())
    if outcome.pk in records:
        return UploadCompleted(item_id, records[outcome.pk])
    signed = services.store.sign_put(
        outcome.key, size=outcome.size, sha256=outcome.sha256, expires_at=outcome.url_expires_at
    )
    return UploadGranted(
        item_id,
        signed.url,
        dict(signed.headers),
        signed.expires_at,
        submitted_at=outcome.stamp if outcome.kind == "submission" else None,
    )


# --- unfinished uploads ------------------------------------------------------------------------------------


def own_uploads(identity: Identity) -> Select[Upload]:
    """The uploads that this caller announced, and nobody else's."""
    return (
        select(Upload)
        .join(Person, Upload.actor_pk == Person.pk)
        .join(Organisation, Person.org_pk == Organisation.pk)
        .where(Person.name == identity.name, Organisation.org_id == identity.org_id)
    )


def find_pending(session: Session, identity: Identity) -> list[PendingUpload]:
    """The caller's own unfinished uploads, oldest first."""
    wanted = (
        own_uploads(identity)
        .where(Upload.state == PENDING, Upload.expires_at > clock(session))
        .options(joinedload(Upload.assignment).joinedload(Assignment.course))
        .order_by(Upload.pk)
        .limit(1000)
    )
    return [
        PendingUpload(
            id=upload.item_id,
            kind=upload.kind,  # type: ignore[arg-type]
            course_id=upload.assignment.course.course_id,
            assignment_id=upload.assignment.assignment_id,
            size=upload.size,
            sha256=upload.sha256,
            initiated_at=upload.stamp,
            expires_at=upload.expires_at,
        )
        for upload in session.scalars(wanted)
    ]


def abort(session: Session, identity: Identity, item_id: UUID) -> None:
    """Give up an upload of one's own; aborting it again changes nothing. A completed one stays."""
    upload = session.scalars(
        own_uploads(identity).where(Upload.item_id == item_id).with_for_update(of=Upload)
    ).one_or_none()
    if upload is None:
        raise NotFound("You have no such upload.")
    if upload.state == COMPLETED:
        raise UploadOver(COMPLETED)
    if upload.state == PENDING:
        upload.state = ABORTED
