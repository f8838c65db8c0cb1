"""Uploads end: the store is asked what it holds, then one transaction makes it visible, or not.

The client's `complete` and the collector (`nbexchange gc`) run the same code. The store is asked outside any
transaction; inside, each upload leaves `pending` once, by compare-and-set.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, func, insert, select, tuple_, update
from sqlalchemy.orm import Session

from nbexchange.api.actions import action_row
from nbexchange.api.database import clock
from nbexchange.api.identity import Identity
from nbexchange.api.models import (
    COMPLETED,
    EXPIRED,
    PENDING,
    REJECTED,
    Action,
    Assignment,
    Feedback,
    Person,
    Release,
    Submission,
    Upload,
)
from nbexchange.api.problems import (
    AlreadyReleased,
    ExchangeProblem,
    Mismatch,
    NotFound,
    ObjectMissing,
    RoleRequired,
    Superseded,
    UploadOver,
)
from nbexchange.api.records import ACTOR, ASSIGNMENT, STUDENT, find_records
from nbexchange.api.services import Services
from nbexchange.api.uploads import own_uploads
from nbexchange.protocol import CompletionAnswer, ItemFailed, UploadCompleted
from nbexchange.storage import ObjectStore, StoredObject

POOL = 8
"""How many objects of one batch the store is asked for at a time."""

VERBS = {"release": "released", "submission": "submitted", "feedback": "feedback_released"}

Stored = Mapping[int, StoredObject | None]
Verdicts = dict[int, ExchangeProblem | None]


def complete(services: Services, identity: Identity, ids: Sequence[UUID]) -> list[CompletionAnswer]:
    """Make the caller's uploads visible. May be repeated: a completed upload gives the same record again."""
    with services.database.read() as session:
        found = session.scalars(own_uploads(identity).where(Upload.item_id.in_(ids))).all()
    by_item = {upload.item_id: upload for upload in found}
    outcome = settle(services, found, Owner(identity))
    return [_answer(item_id, by_item.get(item_id), outcome) for item_id in ids]


def _answer(item_id: UUID, upload: Upload | None, outcome: Settled) -> CompletionAnswer:
    if upload is None:
        return ItemFailed(item_id, NotFound("You have no such upload.").to_wire())
    problem = outcome.verdicts[upload.pk]
    if problem is not None:
        return ItemFailed(item_id, problem.to_wire())
    return UploadCompleted(item_id, outcome.records[upload.pk])


class Settler(Protocol):
    """Who settles uploads."""

    def objection(self, upload: Upload, now: datetime) -> ExchangeProblem | None:
        """Why this one may not complete the upload now; None when it may."""
        ...


@dataclass(frozen=True)
class Owner:
    """Completes its own uploads, while they live; an instructor's must still be an instructor's."""

    identity: Identity

    def objection(self, upload: Upload, now: datetime) -> ExchangeProblem | None:
        course_id = upload.assignment.course.course_id
        if now >= upload.expires_at:
            return UploadOver(EXPIRED)
        if upload.kind != "submission" and not self.identity.teaches(course_id):
            return RoleRequired(f"Only an instructor of {course_id} may do this.")
        return None


@dataclass(frozen=True)
class Settled:
    """By the upload's key: what stands in the way (None: nothing), and the record where it is completed."""

    verdicts: Verdicts
    records: Mapping[int, Any]


def settle(services: Services, uploads: Collection[Upload], by: Settler) -> Settled:
    """Complete, reject or leave each of the uploads, as the store and the rules say."""
    stored = _ask(services.store, [upload for upload in uploads if upload.state == PENDING])
    if not uploads:
        return Settled({}, {})
    with services.database.write() as session:
        verdicts = Settlement.begin(session, uploads, stored, by).decide()
        done = [upload for upload in uploads if verdicts[upload.pk] is None]
        session.expunge_all()  # the rows were changed behind the loaded objects
        return Settled(verdicts, find_records(session, done))


def _ask(store: ObjectStore, uploads: Sequence[Upload]) -> Stored:
    if len(uploads) <= 1:
        return {upload.pk: store.stat(upload.key) for upload in uploads}
    with ThreadPoolExecutor(min(POOL, len(uploads))) as pool:
        answers = pool.map(lambda upload: store.stat(upload.key), uploads)
        return dict(zip([upload.pk for upload in uploads], answers, strict=True))


@dataclass
class Settlement:
    """One transaction over some uploads, with the same number of statements however many they are."""

    session: Session
    uploads: Sequence[Upload]
    stored: Stored
    by: Settler
    now: datetime

    @classmethod
    def begin(cls, session: Session, uploads: Collection[Upload], stored: Stored, by: Settler) -> Settlement:
        """Lock what the decision rests on: people first, then assignments, then the uploads themselves."""
        students = {u.student_pk or u.actor_pk for u in uploads if u.kind == "submission"}
        published = {u.assignment_pk for u in uploads if u.kind != "submission"}
        _lock(session, Person, students)
        _lock(session, Assignment, published)
        rows = session.scalars(
            select(Upload)
            .where(Upload.pk.in_([upload.pk for upload in uploads]))
            .order_by(Upload.pk)
            .options(ASSIGNMENT, ACTOR, STUDENT)
            .with_for_update(of=Upload)
        ).all()
        return cls(session, rows, stored, by, clock(session))

    def decide(self) -> Verdicts:
        verdicts: Verdicts = {upload.pk: self._judge(upload) for upload in self.uploads}
        ready = [u for u in self.uploads if verdicts[u.pk] is None and u.state == PENDING]
        for kind, publish in PUBLISHERS.items():
            wanted = [upload for upload in ready if upload.kind == kind]
            if wanted:
                verdicts |= publish(self, wanted)
        self._move(EXPIRED, [pk for pk, verdict in verdicts.items() if _says(verdict, EXPIRED)])
        self._move(REJECTED, [pk for pk, verdict in verdicts.items() if isinstance(verdict, FINAL)])
        return verdicts

    def _judge(self, upload: Upload) -> ExchangeProblem | None:
        """What stands in the way of this upload, looked at by itself."""
        if upload.state == COMPLETED:
            return None
        if upload.state != PENDING:
            return UploadOver(upload.state)
        return self.by.objection(upload, self.now) or disagreement(upload, self.stored.get(upload.pk))

    def complete(self, uploads: Sequence[Upload]) -> None:
        """Compare and set, and log."""
        self._move(COMPLETED, [upload.pk for upload in uploads], completed_at=self.now)
        rows = [
            action_row(VERBS[u.kind], u, self.now, actor_pk=u.actor_pk, actor=u.actor.name) for u in uploads
        ]
        self.session.execute(insert(Action), rows)

    def _move(self, state: str, pks: Sequence[int], **values: Any) -> None:
        if not pks:
            return
        moved = self.session.execute(
            update(Upload)
            .where(Upload.pk.in_(pks), Upload.state == PENDING)
            .values(state=state, **values)
            .returning(Upload.pk)
            .execution_options(synchronize_session=False)
        ).all()
        if state == COMPLETED and len(moved) != len(pks):
            raise RuntimeError("an upload left `pending` under a lock")


FINAL = (Mismatch, Superseded, AlreadyReleased)
"""After one of these the upload can never be completed."""


def _says(verdict: ExchangeProblem | None, state: str) -> bool:
    return isinstance(verdict, UploadOver) and verdict.type == f"upload-{state}"


def _lock(session: Session, model: type[Person | Assignment], pks: Collection[int]) -> None:
    if pks:
        session.scalars(
            select(model.pk).where(model.pk.in_(pks)).order_by(model.pk).with_for_update(key_share=True)
        ).all()


def disagreement(upload: Upload, actual: StoredObject | None) -> ExchangeProblem | None:
    """Where the store's object differs from what was declared: the size always, the digest where it is known."""
    if actual is None:
        return ObjectMissing("The store has no object for this upload yet: send it, then complete again.")
    if actual.size != upload.size:
        return Mismatch(f"{upload.size} bytes were declared and {actual.size} are stored.")
    if actual.sha256 is not None and actual.sha256 != upload.sha256:
        return Mismatch("The stored bytes have another digest than the declared one.")
    return None


# --- what becomes visible ----------------------------------------------------------------------------------


def publish_releases(settlement: Settlement, uploads: Sequence[Upload]) -> Verdicts:
    """Each becomes the current version, unless a later one is in place or it may not replace one."""
    session = settlement.session
    assignments = {upload.assignment_pk for upload in uploads}
    current = {
        row.assignment_pk: row.pk
        for row in session.scalars(
            select(Release).where(Release.assignment_pk.in_(assignments), Release.is_current)
        )
    }
    versions = _maxima(session, Release.version, Release.assignment_pk, assignments)
    verdicts: Verdicts = {}
    accepted: dict[int, Upload] = {}
    rows = []
    for upload in uploads:
        place = upload.assignment_pk
        verdicts[upload.pk] = _release_objection(upload, current.get(place))
        if verdicts[upload.pk] is None:
            current[place], accepted[upload.pk] = upload.pk, upload
            versions[place] = versions.get(place, 0) + 1
            rows.append({"pk": upload.pk, "assignment_pk": place, "version": versions[place]})
    if accepted:
        replaced = {upload.assignment_pk for upload in accepted.values()}
        _retire(session, Release, Release.assignment_pk.in_(replaced))
        settlement.complete(list(accepted.values()))
        newest = set(current.values())
        session.execute(insert(Release), [{**row, "is_current": row["pk"] in newest} for row in rows])
    return verdicts


def _release_objection(upload: Upload, current: int | None) -> ExchangeProblem | None:
    if current is None:
        return None
    if current > upload.pk:
        return Superseded("A release that was begun later is in place.")
    if not upload.force:
        return AlreadyReleased("The assignment was released meanwhile; force makes a new version.")
    return None


def publish_submissions(settlement: Settlement, uploads: Sequence[Upload]) -> Verdicts:
    """Each becomes the next attempt of its student."""
    session = settlement.session
    rows = session.execute(
        select(Submission.assignment_pk, Submission.student_pk, func.max(Submission.attempt))
        .where(
            Submission.assignment_pk.in_({upload.assignment_pk for upload in uploads}),
            Submission.student_pk.in_({upload.student_pk for upload in uploads}),
        )
        .group_by(Submission.assignment_pk, Submission.student_pk)
    )
    attempts: dict[tuple[int, int | None], int] = {(place, student): last for place, student, last in rows}
    numbered = []
    for upload in uploads:
        series = (upload.assignment_pk, upload.student_pk)
        attempts[series] = attempts.get(series, 0) + 1
        numbered.append(
            {
                "pk": upload.pk,
                "assignment_pk": upload.assignment_pk,
                "student_pk": upload.student_pk,
                "attempt": attempts[series],
            }
        )
    settlement.complete(uploads)
    session.execute(insert(Submission), numbered)
    return {upload.pk: None for upload in uploads}


def publish_feedback(settlement: Settlement, uploads: Sequence[Upload]) -> Verdicts:
    """Each becomes the feedback on its notebook, unless one that was begun later is in place."""
    session = settlement.session
    rows = session.scalars(select(Feedback).where(_about(uploads), Feedback.is_current))
    current = {_subject(row): row.pk for row in rows}
    verdicts: Verdicts = {}
    accepted: list[Upload] = []
    for upload in uploads:
        if current.get(_subject(upload), 0) > upload.pk:
            verdicts[upload.pk] = Superseded("Feedback that was begun later is in place.")
            continue
        verdicts[upload.pk] = None
        current[_subject(upload)] = upload.pk
        accepted.append(upload)
    if accepted:
        _retire(session, Feedback, _about(accepted))
        settlement.complete(accepted)
        session.execute(insert(Feedback), [_feedback_row(u, current[_subject(u)] == u.pk) for u in accepted])
    return verdicts


def _subject(row: Upload | Feedback) -> tuple[int, int | None, datetime | None, str | None]:
    """What a feedback is about: no two current ones share it."""
    return (row.assignment_pk, row.student_pk, row.submitted_at, row.notebook_id)


def _about(uploads: Sequence[Upload]) -> ColumnElement[bool]:
    subject = tuple_(Feedback.assignment_pk, Feedback.student_pk, Feedback.submitted_at, Feedback.notebook_id)
    return subject.in_([_subject(upload) for upload in uploads])


def _feedback_row(upload: Upload, is_current: bool) -> dict[str, Any]:
    return {
        "pk": upload.pk,
        "assignment_pk": upload.assignment_pk,
        "student_pk": upload.student_pk,
        "submitted_at": upload.submitted_at,
        "notebook_id": upload.notebook_id,
        "is_current": is_current,
    }


def _retire(session: Session, model: type[Release | Feedback], which: ColumnElement[bool]) -> None:
    session.execute(
        update(model)
        .where(which, model.is_current)
        .values(is_current=False)
        .execution_options(synchronize_session=False)
    )


def _maxima(session: Session, column: Any, key: Any, keys: Collection[int]) -> dict[int, int]:
    rows = session.execute(select(key, func.max(column)).where(key.in_(keys)).group_by(key))
    return {key: highest for key, highest in rows}


PUBLISHERS: Mapping[str, Callable[[Settlement, Sequence[Upload]], Verdicts]] = {
    "release": publish_releases,
    "submission": publish_submissions,
    "feedback": publish_feedback,
}
