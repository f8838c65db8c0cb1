"""Uploads end: the store is asked what it holds, then one transaction makes it visible, or not.

The client's `complete` and the collector (`nbexchange gc`) run the same code. The store is asked outside any
transaction; inside, each upload leaves `pending` once, by compare-and-set.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from nbexchange.api.access.identity import Identity, role_required
from nbexchange.api.audit.record import action_row
from nbexchange.api.db.engine import clock
from nbexchange.api.db.models import (
    COMPLETED,
    EXPIRED,
    PENDING,
    REJECTED,
    Action,
    Assignment,
    Person,
    Upload,
)
from nbexchange.api.problems import (
    AlreadyReleased,
    ExchangeProblem,
    Mismatch,
    NotFound,
    ObjectMissing,
    Superseded,
    UploadOver,
)
from nbexchange.api.runtime import Services
from nbexchange.api.uploads.initiate import NEEDED_ROLE, own_uploads
from nbexchange.api.uploads.publish import PUBLISHERS, Verdicts
from nbexchange.api.wire.records import ACTOR, ASSIGNMENT, STUDENT, find_records
from nbexchange.protocol import CompletionAnswer, ItemFailed, Record, UploadCompleted
from nbexchange.storage import ObjectStore, StoredObject

POOL = 8
"""How many objects of one batch the store is asked for at a time."""

VERBS = {"release": "released", "submission": "submitted", "feedback": "feedback_released"}

NO_UPLOAD = NotFound("You have no such upload.")

Stored = Mapping[int, StoredObject | None]


def complete(services: Services, identity: Identity, ids: Sequence[UUID]) -> list[CompletionAnswer]:
    """Make the caller's uploads visible. May be repeated: a completed upload gives the same record again."""
    with services.database.read() as session:
        found = session.scalars(own_uploads(identity).where(Upload.item_id.in_(ids))).all()
    by_item = {upload.item_id: upload for upload in found}
    outcome = settle(services, found, Owner(identity))
    return [_answer(item_id, by_item.get(item_id), outcome) for item_id in ids]


def _answer(item_id: UUID, upload: Upload | None, outcome: Settled) -> CompletionAnswer:
    if upload is None:
        return ItemFailed(item_id, NO_UPLOAD.to_wire())
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
    """Completes its own uploads, while they live; those that need a role, while it has that role."""

    identity: Identity

    def objection(self, upload: Upload, now: datetime) -> ExchangeProblem | None:
        course_id = upload.assignment.course.course_id
        if now >= upload.expires_at:
            return UploadOver(EXPIRED)
        role = NEEDED_ROLE[upload.kind]  # type: ignore[index]  # the column holds one of them
        # A student who has left the course since may finish what was stamped.
        may = upload.kind == "submission" or self.identity.has_role(role, course_id)
        return None if may else role_required(role, course_id)


@dataclass(frozen=True)
class Settled:
    """By the upload's key: what stands in the way (None: nothing), and the record where it is completed."""

    verdicts: Verdicts
    records: Mapping[int, Record]


def settle(services: Services, uploads: Collection[Upload], by: Settler) -> Settled:
    """Complete, reject or leave each of the uploads, as the store and the rules say."""
    stored = _ask(services.store, [upload for upload in uploads if upload.state == PENDING])
    if not uploads:
        return Settled({}, {})
    with services.database.write() as session:
        verdicts: Verdicts = {upload.pk: NO_UPLOAD for upload in uploads}  # some may be forgotten by now
        verdicts |= Settlement.begin(session, uploads, stored, by).decide()
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
            .with_for_update(of=Upload, key_share=True)
        ).all()
        return cls(session, rows, stored, by, clock(session))

    def decide(self) -> Verdicts:
        verdicts: Verdicts = {upload.pk: self._judge(upload) for upload in self.uploads}
        ready = [u for u in self.uploads if verdicts[u.pk] is None and u.state == PENDING]
        for kind, publish in PUBLISHERS.items():
            wanted = [upload for upload in ready if upload.kind == kind]
            if wanted:
                verdicts |= publish(self, wanted)
        self._move(EXPIRED, [pk for pk, verdict in verdicts.items() if _is_expired(verdict)])
        self._move(REJECTED, [pk for pk, verdict in verdicts.items() if isinstance(verdict, FINAL)])
        return verdicts

    def _judge(self, upload: Upload) -> ExchangeProblem | None:
        """What stands in the way of this upload, looked at by itself."""
        if upload.state == COMPLETED:
            return None
        if upload.state != PENDING:
            return UploadOver(upload.state)
        problem = self.by.objection(upload, self.now) or disagreement(upload, self.stored.get(upload.pk))
        if isinstance(problem, ObjectMissing) and self.now >= upload.expires_at:
            return UploadOver(EXPIRED)
        return problem

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


def _is_expired(verdict: ExchangeProblem | None) -> bool:
    return isinstance(verdict, UploadOver) and verdict.state == EXPIRED


def _lock(session: Session, model: type[Person | Assignment], pks: Collection[int]) -> None:
    if pks:
        session.scalars(
            select(model.pk).where(model.pk.in_(pks)).order_by(model.pk).with_for_update(key_share=True)
        ).all()


def disagreement(upload: Upload, actual: StoredObject | None) -> ExchangeProblem | None:
    """Where the store's object differs from what was declared: the size always, the digest where it is known."""
    if actual is None:
        return ObjectMissing("The bytes of this upload have not arrived.")
    if actual.size != upload.size:
        return Mismatch(f"{upload.size} bytes were declared and {actual.size} are stored.")
    if actual.sha256 is not None and actual.sha256 != upload.sha256:
        return Mismatch("The stored bytes have another digest than the declared one.")
    return None
