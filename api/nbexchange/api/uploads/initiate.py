"""Uploads begin: announced, checked, stamped, and only then given a URL."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeGuard, TypeVar
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session, joinedload

from nbexchange.api.access.identity import Identity
from nbexchange.api.db import find_or_create as people
from nbexchange.api.db.engine import clock
from nbexchange.api.db.find_or_create import Place
from nbexchange.api.db.models import (
    ABORTED,
    COMPLETED,
    EXPIRED,
    PENDING,
    Assignment,
    Organisation,
    Person,
    Upload,
)
from nbexchange.api.problems import (
    ExchangeProblem,
    IdReused,
    InvalidRequest,
    NotFound,
    UploadOver,
)
from nbexchange.api.runtime import Services
from nbexchange.api.uploads.quota_usage import check_usage
from nbexchange.api.uploads.rules import ADMISSIONS, Occasion, check_item
from nbexchange.api.wire.records import find_records
from nbexchange.protocol import (
    InitiateUploads,
    ItemFailed,
    Kind,
    PendingUpload,
    Record,
    RoleName,
    UploadAnswer,
    UploadCompleted,
    UploadGranted,
    UploadItem,
    is_path_component,
)
from nbexchange.storage import URL_LIFETIME


def initiate(services: Services, identity: Identity, batch: InitiateUploads) -> list[UploadAnswer]:
    """Announce uploads and get a URL for each; the bytes are fixed from here on, and so is the stamp.

    Each kind needs its role in the course. Raises for what is wrong with all items; what is wrong with one is
    that item's answer.
    """
    check_batch(identity, batch)
    with services.database.write() as session:
        outcome = decide(open_occasion(session, services, identity, batch))
        records = find_records(session, [u for u in outcome.values() if is_completed(u)])
        session.flush()
        session.expunge_all()
    return [_answer(services, item.id, outcome[item.id], records) for item in batch.items]


def check_batch(identity: Identity, batch: InitiateUploads) -> None:
    identity.require(NEEDED_ROLE[batch.kind], batch.course_id)
    if not is_path_component(batch.assignment_id) or "+" in batch.assignment_id:
        raise InvalidRequest("This cannot be an assignment's id.")
    if len({item.id for item in batch.items}) < len(batch.items):
        raise InvalidRequest("Two items have the same id.")


Outcome = Upload | ExchangeProblem
T = TypeVar("T")

NEEDED_ROLE: Mapping[Kind, RoleName] = {
    "release": "instructor",
    "submission": "student",
    "feedback": "grader",
}
"""What one has to be in the course, at least, to upload."""


def open_occasion(
    session: Session, services: Services, identity: Identity, batch: InitiateUploads
) -> Occasion:
    """Find, or make, and lock what a batch is about."""
    org_pk = people.find_organisation(session, identity.org_id)
    known = people.remember(session, org_pk, identity, named_students(identity, batch))
    place = _find_place(session, org_pk, identity, batch)
    return Occasion(session, services.limits, services.quotas, identity, batch, known, place, clock(session))


def decide(occasion: Occasion) -> dict[UUID, Outcome]:
    """An upload row or a problem for each item, by item id; the statements do not grow with the items."""
    existing = _find_existing(occasion)
    items = occasion.batch.items
    fresh = [item for item in items if item.id not in existing]
    outcome = _open(occasion, fresh) if fresh else {}
    for item in items:
        if item.id in existing:
            outcome[item.id] = _replay(occasion, item, existing[item.id])
    return outcome


def _find_existing(occasion: Occasion) -> dict[UUID, Upload]:
    wanted = select(Upload).where(
        Upload.actor_pk == occasion.actor.pk,
        Upload.item_id.in_([item.id for item in occasion.batch.items]),
    )
    return {upload.item_id: upload for upload in occasion.session.scalars(wanted)}


def _replay(occasion: Occasion, item: UploadItem, upload: Upload) -> Outcome:
    """The same answer for the same content, with a fresh URL while the upload is open."""
    if upload.fingerprint != fingerprint(occasion.batch, item):
        return IdReused("This id was used before, for other content.")
    if upload.state == PENDING and occasion.now >= upload.expires_at:
        return UploadOver(EXPIRED)
    if upload.state == PENDING:
        upload.url_expires_at = min(occasion.now + URL_LIFETIME, upload.expires_at)
    elif upload.state != COMPLETED:
        return UploadOver(upload.state)
    return upload


def _open(occasion: Occasion, items: Sequence[UploadItem]) -> dict[UUID, Outcome]:
    checked, refused = _try_each(items, lambda item: check_item(item, occasion.batch, occasion.limits))
    admission = ADMISSIONS[occasion.batch.kind](occasion, [item for item, _ in checked])
    admitted, not_admitted = _try_each([item for item, _ in checked], admission.admit)
    rows = [_row(occasion, item) | values for item, values in admitted]
    if rows:
        check_usage(occasion, [row["size"] for row in rows])
    opened = occasion.session.scalars(insert(Upload).returning(Upload), rows) if rows else ()
    return refused | not_admitted | {upload.item_id: upload for upload in opened}


def _try_each(
    items: Sequence[UploadItem], work: Callable[[UploadItem], T]
) -> tuple[list[tuple[UploadItem, T]], dict[UUID, Outcome]]:
    """What came of each item, and what stood in the way of the others."""
    done: list[tuple[UploadItem, T]] = []
    problems: dict[UUID, Outcome] = {}
    for item in items:
        try:
            done.append((item, work(item)))
        except ExchangeProblem as problem:
            problems[item.id] = problem
    return done, problems


def _row(occasion: Occasion, item: UploadItem) -> dict[str, Any]:
    return {
        "uuid": uuid4(),
        "org_pk": occasion.place.org_pk,
        "assignment_pk": occasion.place.assignment.pk,
        "actor_pk": occasion.actor.pk,
        "item_id": item.id,
        "fingerprint": fingerprint(occasion.batch, item),
        "kind": occasion.batch.kind,
        "state": PENDING,
        "size": item.size,
        "sha256": item.sha256,
        "unpacked_size": item.unpacked_size,
        "notebooks": item.notebooks,
        "force": item.force,
        "by_instructor": occasion.identity.teaches(occasion.batch.course_id),
        "stamp": occasion.now,
        "url_expires_at": occasion.now + URL_LIFETIME,
        "expires_at": occasion.expires_at,
    }


def named_students(identity: Identity, batch: InitiateUploads) -> set[str]:
    """Whom the batch is about, as far as the caller may name anybody: naming somebody makes them known."""
    if batch.kind != "feedback" and not identity.teaches(batch.course_id):
        return set()
    return {item.student_id for item in batch.items if item.student_id and is_path_component(item.student_id)}


def _find_place(session: Session, org_pk: int, identity: Identity, batch: InitiateUploads) -> Place:
    if identity.teaches(batch.course_id) and (batch.kind == "release" or is_from_elsewhere(batch)):
        title = identity.courses[batch.course_id].title
        return people.make_place(session, org_pk, batch.course_id, batch.assignment_id, title)
    return people.find_place(session, org_pk, batch.course_id, batch.assignment_id)


def is_from_elsewhere(batch: InitiateUploads) -> bool:
    """Whether this is feedback on no submission of this exchange: it may be the first of its assignment."""
    return batch.kind == "feedback" and all(item.submission_id is None for item in batch.items)


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
            kind=upload.kind,
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
        own_uploads(identity).where(Upload.item_id == item_id).with_for_update(of=Upload, key_share=True)
    ).one_or_none()
    if upload is None:
        raise NotFound("You have no such upload.")
    if upload.state == COMPLETED:
        raise UploadOver(COMPLETED)
    if upload.state == PENDING:
        upload.state = ABORTED
