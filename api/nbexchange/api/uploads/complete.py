"""Uploads end: the store is asked what it holds, then one transaction makes it visible, or not.

The client's `complete` and garbage collection run the same code. The store is asked outside any transaction; inside,
each upload leaves `pending` once, by compare-and-set.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from nbexchange.api.access.identity import Identity
from nbexchange.api.access.permissions import completion_objection
from nbexchange.api.access.visibility import own_uploads
from nbexchange.api.audit.record import record_uploads
from nbexchange.api.db.engine import clock
from nbexchange.api.db.loading import ACTOR, ASSIGNMENT, PUBLISHED, STUDENT, load_published
from nbexchange.api.db.models import Assignment, Person, Published, Upload
from nbexchange.api.db.states import COMPLETED, EXPIRED, PENDING, REJECTED
from nbexchange.api.problems import (
    AlreadyReleased,
    ExchangeProblem,
    Mismatch,
    NotFound,
    ObjectMissing,
    Superseded,
    TooMuchFeedback,
    UploadEnded,
)
from nbexchange.api.runtime import Context, Runtime
from nbexchange.api.uploads.publish import PUBLISHERS, Publication
from nbexchange.shared.deadlines import with_deadline
from nbexchange.storage import StoredObject

POOL = 8
"""How many objects of one batch the store is asked for at a time."""

FINAL = (Mismatch, Superseded, AlreadyReleased, TooMuchFeedback)
"""After one of these the upload can never be completed."""

NO_UPLOAD = NotFound("You have no such upload.")

Stored = Mapping[int, StoredObject | None]
"""What the store holds, by the upload's key."""

Objection = Callable[[Upload, datetime], ExchangeProblem | None]
"""Why an upload may not be completed at this instant; None when it may."""


def complete(context: Context, item_ids: Sequence[UUID]) -> dict[UUID, Published | ExchangeProblem]:
    """Make the caller's uploads visible: by item id what each became, or what stands in the way.

    May be repeated: a completed upload gives the same row again.
    """
    with context.read() as transaction:
        query = own_uploads(context.caller).where(Upload.item_id.in_(item_ids))
        uploads = transaction.session.scalars(query).all()
    outcomes = settle(context.runtime, uploads, partial(owner_objection, context.caller))
    by_item = {upload.item_id: outcomes[upload.pk] for upload in uploads}
    return {item_id: by_item.get(item_id, NO_UPLOAD) for item_id in item_ids}


def owner_objection(caller: Identity, upload: Upload, now: datetime) -> ExchangeProblem | None:
    """People complete their own uploads, while they live; those that need a role, while they have that role."""
    if now >= upload.expires_at:
        return UploadEnded(EXPIRED)
    return completion_objection(caller, upload.kind, upload.assignment.course.course_id)


def settle(
    runtime: Runtime, uploads: Collection[Upload], objection: Objection
) -> dict[int, Published | ExchangeProblem]:
    """Complete, reject or leave each of the uploads, as the store and the rules say; by the upload's key."""
    if not uploads:
        return {}
    stored = ask_store(runtime, [upload for upload in uploads if upload.state == PENDING])
    problems: dict[int, ExchangeProblem] = {
        upload.pk: NO_UPLOAD for upload in uploads
    }  # if it is forgotten by now
    with runtime.database.write() as session:
        locked = lock_uploads(session, uploads)
        now = clock(session)
        for upload in locked:
            problems.pop(upload.pk)
            if problem := find_problem(upload, stored, objection, now):
                problems[upload.pk] = problem
        problems |= _publish(session, [u for u in locked if u.pk not in problems and u.state == PENDING], now)
        _end(session, EXPIRED, [pk for pk, problem in problems.items() if is_expired(problem)])
        _end(session, REJECTED, [pk for pk, problem in problems.items() if isinstance(problem, FINAL)])
        return {**problems, **load_published(session, [u for u in locked if u.pk not in problems])}


def ask_store(runtime: Runtime, uploads: Sequence[Upload]) -> Stored:
    """What the store holds for each upload. Raises `StoreUnavailable`."""
    if not uploads:
        return {}
    with runtime.asking_store() as store:
        if len(uploads) == 1:
            return {upload.pk: store.stat(upload.object_key) for upload in uploads}
        with ThreadPoolExecutor(min(POOL, len(uploads))) as pool:
            answers = pool.map(with_deadline(store.stat), [upload.object_key for upload in uploads])
            return dict(zip([upload.pk for upload in uploads], answers, strict=True))


def lock_uploads(session: Session, uploads: Collection[Upload]) -> Sequence[Upload]:
    """The rows as they are now, and a lock on what the decision rests on: people, then assignments, then uploads."""
    _lock(session, Person, {u.student_pk or u.actor_pk for u in uploads if u.kind == "submission"})
    _lock(session, Assignment, {u.assignment_pk for u in uploads if u.kind != "submission"})
    query = (
        select(Upload)
        .where(Upload.pk.in_([upload.pk for upload in uploads]))
        .order_by(Upload.pk)
        .options(ASSIGNMENT, ACTOR, STUDENT)
        .with_for_update(of=Upload, key_share=True)
    )
    return session.scalars(query).all()


def _lock(session: Session, model: type[Person | Assignment], pks: Collection[int]) -> None:
    if pks:
        session.scalars(
            select(model.pk).where(model.pk.in_(pks)).order_by(model.pk).with_for_update(key_share=True)
        ).all()


def find_problem(
    upload: Upload, stored: Stored, objection: Objection, now: datetime
) -> ExchangeProblem | None:
    """What stands in the way of this upload, looked at by itself; None for a completed one."""
    if upload.state == COMPLETED:
        return None
    if upload.state != PENDING:
        return UploadEnded(upload.state)
    problem = objection(upload, now) or find_mismatch(upload, stored.get(upload.pk))
    if isinstance(problem, ObjectMissing) and now >= upload.expires_at:
        return UploadEnded(EXPIRED)
    return problem


def find_mismatch(upload: Upload, actual: StoredObject | None) -> ExchangeProblem | None:
    """Where the store's object differs from what was declared: the size always, the digest where it is known."""
    if actual is None:
        return ObjectMissing("The bytes of this upload have not arrived.")
    if actual.size != upload.size:
        return Mismatch(f"{upload.size} bytes were declared and {actual.size} are stored.")
    if actual.sha256 is not None and actual.sha256 != upload.sha256:
        return Mismatch("The stored bytes have another digest than the declared one.")
    return None


def is_expired(outcome: object) -> bool:
    return isinstance(outcome, UploadEnded) and outcome.state == EXPIRED


# --- writing ------------------------------------------------------------------------------------------------


def _publish(session: Session, uploads: Sequence[Upload], now: datetime) -> dict[int, ExchangeProblem]:
    """Make the uploads visible, each kind by its rule; gives what the rules refuse."""
    refused: dict[int, ExchangeProblem] = {}
    for kind, publish in PUBLISHERS.items():
        if uploads_of_kind := [upload for upload in uploads if upload.kind == kind]:
            publication = publish(session, uploads_of_kind)
            _write(session, kind, uploads_of_kind, publication, now)
            refused |= publication.refused
    return refused


def _write(
    session: Session, kind: str, uploads: Sequence[Upload], publication: Publication, now: datetime
) -> None:
    """The one place that makes something visible: retire, compare and set, insert, log."""
    if not publication.rows:
        return
    model = PUBLISHED[kind]
    if publication.replaced is not None:
        session.execute(
            update(model)
            .where(publication.replaced, model.is_current)
            .values(is_current=False)
            .execution_options(synchronize_session=False)
        )
    pks = [row["pk"] for row in publication.rows]
    if _end(session, COMPLETED, pks, completed_at=now) != len(pks):
        raise RuntimeError("an upload left `pending` under a lock")
    session.execute(insert(model), publication.rows)
    record_uploads(session, [upload for upload in uploads if upload.pk not in publication.refused], now)


def _end(session: Session, state: str, pks: Sequence[int], **values: Any) -> int:
    """Turn pending uploads into another state, by compare-and-set; gives how many were pending."""
    if not pks:
        return 0
    ended = session.execute(
        update(Upload)
        .where(Upload.pk.in_(pks), Upload.state == PENDING)
        .values(state=state, **values)
        .returning(Upload.pk)
        .execution_options(synchronize_session=False)
    )
    return len(ended.all())
