"""Uploads end: the store is asked what it holds, then one transaction for each kind makes them visible, or not.

The client's `complete` and garbage collection run the same code. The store is asked outside any transaction; inside,
each upload leaves `pending` once, by compare-and-set.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from sqlalchemy import Boolean, Connection, or_, select, update

from nbexchange.api.access.identity import Identity
from nbexchange.api.access.permissions import completion_objection
from nbexchange.api.access.visibility import CALLER, parameters
from nbexchange.api.audit.record import record_uploads
from nbexchange.api.db.columns import constant, unseen
from nbexchange.api.db.engine import STATEMENT_CLOCK, clock
from nbexchange.api.db.in_list import in_list
from nbexchange.api.db.models import Assignment, Person, Upload
from nbexchange.api.db.prepared import Prepared
from nbexchange.api.db.states import COMPLETED, EXPIRED, PENDING, REJECTED
from nbexchange.api.db.upload_rows import LOCKED_STATES, UPLOADS, UploadRow, read_uploads
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
from nbexchange.api.uploads.publish import PUBLISHERS
from nbexchange.shared.deadlines import with_deadline
from nbexchange.storage import StoredObject, StreamsBytes

POOL = 8
"""How many objects of one batch the store is asked for at a time."""

FINAL = (Mismatch, Superseded, AlreadyReleased, TooMuchFeedback)
"""After one of these the upload can never be completed."""

NO_UPLOAD = NotFound("You have no such upload.")

Stored = Mapping[int, StoredObject | None]
"""What the store holds, by the upload's key."""

Problems = dict[int, ExchangeProblem]
Outcomes = dict[int, UploadRow | ExchangeProblem]
"""By the keys of the uploads."""


Objection = Callable[[UploadRow], ExchangeProblem | None]
"""Why an upload may not be completed, at whatever instant; None when it may."""

LOCKED_PEOPLE, LOCKED_ASSIGNMENTS = (
    Prepared(
        select(model.pk).where(in_list(model.pk, "pks")).order_by(model.pk).with_for_update(key_share=True)
    )
    for model in (Person, Assignment)
)
OWN = Prepared(UPLOADS.where(Upload.actor_pk == CALLER, in_list(Upload.item_id, "item_ids")), UploadRow)

PENDING_ONES = update(Upload).where(in_list(Upload.pk, "pks"), Upload.state == constant(PENDING))
COMPLETE = Prepared(
    PENDING_ONES.where(or_(unseen("may_be_late", Boolean()), Upload.expires_at > STATEMENT_CLOCK))
    .values(state=COMPLETED, completed_at=STATEMENT_CLOCK)
    .returning(Upload.pk, Upload.completed_at)
)


def complete(context: Context, item_ids: Sequence[UUID]) -> dict[UUID, UploadRow | ExchangeProblem]:
    """Make the caller's uploads visible: by item id what each became, or what stands in the way.

    May be repeated: a completed upload gives the same answer again.
    """
    with context.read() as transaction:
        asked = {**parameters(context.caller), "item_ids": item_ids}
        uploads: list[UploadRow] = OWN.fetch(transaction.connection, asked)
    outcomes = settle(context.runtime, uploads, partial(owner_objection, context.caller))
    by_item = {upload.item_id: outcomes[upload.pk] for upload in uploads}
    return {item_id: by_item.get(item_id, NO_UPLOAD) for item_id in item_ids}


def owner_objection(caller: Identity, upload: UploadRow) -> ExchangeProblem | None:
    """People complete their own uploads; those that need a role, while they have that role."""
    return completion_objection(caller, upload.kind, upload.course_id)


def settle(
    runtime: Runtime, uploads: Collection[UploadRow], objection: Objection, *, may_be_late: bool = False
) -> Outcomes:
    """Complete, reject or leave each of the uploads, as the store and the rules say; by the upload's key.

    Their owner's time is over at `expires_at`; garbage collection `may_be_late`.
    """
    outcomes: Outcomes = {u.pk: u if u.state == COMPLETED else UploadEnded(u.state) for u in uploads}
    pending = sorted((upload for upload in uploads if upload.state == PENDING), key=attrgetter("kind", "pk"))
    stored = ask_store(runtime, pending)
    problems = {u.pk: p for u in pending if (p := objection(u) or find_mismatch(u, stored[u.pk]))}
    for kind, uploads_of_kind in groupby(pending, attrgetter("kind")):
        with runtime.database.begin() as connection:
            outcomes |= _settle(connection, kind, list(uploads_of_kind), problems, may_be_late=may_be_late)
    return outcomes


def ask_store(runtime: Runtime, uploads: Sequence[UploadRow]) -> Stored:
    """What the store holds for each upload. Raises `StoreUnavailable`."""
    if not uploads:
        return {}
    with runtime.asking_store() as store:
        if len(uploads) == 1 or isinstance(store, StreamsBytes):  # its objects are here
            return {upload.pk: store.stat(upload.object_key) for upload in uploads}
        with ThreadPoolExecutor(min(POOL, len(uploads))) as pool:
            answers = pool.map(with_deadline(store.stat), [upload.object_key for upload in uploads])
            return dict(zip([upload.pk for upload in uploads], answers, strict=True))


def find_mismatch(upload: UploadRow, actual: StoredObject | None) -> ExchangeProblem | None:
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


# --- in the transaction -------------------------------------------------------------------------------------


def _settle(
    connection: Connection,
    kind: str,
    uploads: Sequence[UploadRow],
    problems: Mapping[int, ExchangeProblem],
    *,
    may_be_late: bool,
) -> Outcomes:
    """The one place that makes something visible: lock, compare and set, publish, log."""
    _lock_subjects(connection, kind, uploads)
    taken = _take(connection, [u for u in uploads if u.pk not in problems], may_be_late=may_be_late)
    outcomes: Outcomes = {}
    if taken:
        publication = PUBLISHERS[kind](connection, taken)
        published = list(publication.published.values())
        record_uploads(connection, published)
        _reject(connection, list(publication.refused))
        outcomes = {**publication.published, **publication.refused}
    others = [upload for upload in uploads if upload.pk not in outcomes]
    return outcomes | _conclude(connection, others, problems, may_be_late=may_be_late)


def _lock_subjects(connection: Connection, kind: str, uploads: Sequence[UploadRow]) -> None:
    """What the decision rests on: a student's attempts are counted under the lock of the student, and so on."""
    if kind == "submission":
        LOCKED_PEOPLE.fetch(connection, {"pks": list({upload.student_pk for upload in uploads})})
    else:
        LOCKED_ASSIGNMENTS.fetch(connection, {"pks": list({upload.assignment_pk for upload in uploads})})


def _take(connection: Connection, uploads: Sequence[UploadRow], *, may_be_late: bool) -> Sequence[UploadRow]:
    """Those that were pending and are completed now, by compare-and-set; what a rule refuses is taken back."""
    pks = [upload.pk for upload in uploads]
    if len(pks) > 1:
        LOCKED_STATES.fetch(connection, {"pks": pks})  # in the order in which all uploads are locked
    if not pks:
        return []
    rows = COMPLETE.fetch(connection, {"pks": pks, "may_be_late": may_be_late})
    completed_at = {row.pk: row.completed_at for row in rows}
    return [
        upload._replace(state=COMPLETED, completed_at=completed_at[upload.pk])
        for upload in uploads
        if upload.pk in completed_at
    ]


def _reject(connection: Connection, pks: Sequence[int]) -> None:
    """Uploads that were taken, and that a rule of their kind refuses."""
    if pks:
        change = update(Upload).where(Upload.pk.in_(pks), Upload.state == COMPLETED)
        connection.execute(change.values(state=REJECTED, completed_at=None))


def _conclude(
    connection: Connection,
    uploads: Sequence[UploadRow],
    problems: Mapping[int, ExchangeProblem],
    *,
    may_be_late: bool,
) -> Outcomes:
    """What is to be said of the others: what ended meanwhile, what ends now, and what stays pending."""
    if not uploads:
        return {}
    rows = LOCKED_STATES.fetch(connection, {"pks": [upload.pk for upload in uploads]})
    states = {row.pk: row.state for row in rows}
    now = clock(connection)
    outcomes: Outcomes = {}
    for upload in uploads:
        state = states.get(upload.pk)
        if state is None:
            outcomes[upload.pk] = NO_UPLOAD  # it is forgotten by now
        elif state != PENDING:
            outcomes[upload.pk] = UploadEnded(state)
        else:
            outcomes[upload.pk] = _find_problem(upload, problems, now, may_be_late=may_be_late)
    _end(connection, EXPIRED, [pk for pk, outcome in outcomes.items() if is_expired(outcome)])
    _end(connection, REJECTED, [pk for pk, outcome in outcomes.items() if isinstance(outcome, FINAL)])
    completed = [pk for pk, state in states.items() if state == COMPLETED]
    return outcomes | {upload.pk: upload for upload in read_uploads(connection, completed)}


def _find_problem(
    upload: UploadRow, problems: Mapping[int, ExchangeProblem], now: datetime, *, may_be_late: bool
) -> ExchangeProblem:
    """Why an upload that is pending was not completed."""
    problem = problems.get(upload.pk, UploadEnded(EXPIRED))
    is_over = now >= upload.expires_at
    ends = is_over and (not may_be_late or isinstance(problem, ObjectMissing))
    return UploadEnded(EXPIRED) if ends else problem


def _end(connection: Connection, state: str, pks: Sequence[int]) -> None:
    """Turn pending uploads into another state, by compare-and-set."""
    if pks:
        connection.execute(PENDING_ONES.values(state=state), {"pks": pks})
