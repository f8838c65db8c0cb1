"""Downloads: a signed URL for each object that the caller may see, and the audit log of it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from nbexchange.api.access.identity import Identity
from nbexchange.api.access.permissions import sees_everybody
from nbexchange.api.access.visibility import (
    visible_feedback,
    visible_releases,
    visible_submissions,
    withdrawn_assignments,
)
from nbexchange.api.audit.record import record_objects
from nbexchange.api.db.models import Action, Assignment, Release, Upload
from nbexchange.api.problems import Withdrawn
from nbexchange.api.runtime import Context, Transaction
from nbexchange.protocol import DownloadItem, Verb
from nbexchange.storage import URL_LIFETIME, ObjectStore, SignedRequest

VISIBLE: Mapping[str, Callable[[Identity], Any]] = {
    "release": visible_releases,
    "submission": visible_submissions,
    "feedback": visible_feedback,
}

FETCHED: Mapping[str, Verb] = {
    "release": "fetched",
    "submission": "submission_fetched",
    "feedback": "feedback_fetched",
}
"""What the log calls it, by kind, when somebody is given a URL to fetch an object."""

LOGGED_AGAIN = timedelta(days=1)
"""After how long the log has another entry of the same."""


@dataclass(frozen=True)
class DownloadGrant:
    """An object that the caller may have, and the request that fetches it."""

    upload: Upload
    signed: SignedRequest
    expires_at: datetime
    """By the database's clock, as every instant that a client is told."""


def grant(context: Context, items: Sequence[DownloadItem]) -> dict[tuple[str, UUID], DownloadGrant]:
    """A grant for each item that the caller may see, by kind and id, logged as fetched."""
    with context.write() as transaction:
        uploads = find_visible(transaction, items)
        if uploads:
            _record(transaction, [(FETCHED[upload.kind], upload) for upload in uploads])
            now = transaction.now
    grants = {}
    for upload in uploads:
        signed = sign(context.runtime.store, upload)
        grants[upload.kind, upload.uuid] = DownloadGrant(upload, signed, now + signed.lifetime)
    return grants


def find_withdrawn(context: Context, items: Sequence[DownloadItem]) -> dict[tuple[str, UUID], Withdrawn]:
    """What to say of releases that the caller may not have since their assignment was withdrawn, by kind and id."""
    ids = [item.id for item in items if item.kind == "release"]
    if not ids:
        return {}
    query = withdrawn_assignments(context.caller, context.caller.courses)
    query = query.join(Release, Release.assignment_pk == Assignment.pk).join(Upload, Upload.pk == Release.pk)
    with context.read() as transaction:
        rows = transaction.session.execute(query.add_columns(Upload.uuid).where(Upload.uuid.in_(ids))).all()
    return {
        ("release", uuid): Withdrawn(assignment.course.course_id, assignment.assignment_id, at)
        for assignment, at, uuid in rows
    }


def find_visible(transaction: Transaction, items: Sequence[DownloadItem]) -> list[Upload]:
    """The uploads of the items that the caller may see, with one statement for each kind among them."""
    ids: dict[str, list[UUID]] = defaultdict(list)
    for item in items:
        ids[item.kind].append(item.id)
    return [
        row.upload
        for kind, kind_ids in ids.items()
        for row in transaction.session.scalars(
            VISIBLE[kind](transaction.caller).where(Upload.uuid.in_(kind_ids))
        )
    ]


def note_collected(context: Context, ids: Sequence[UUID]) -> set[UUID]:
    """Log attempts as collected, which the caller says to have downloaded and kept; gives those of them that count.

    A student collects nothing. Saying it again within a day changes nothing.
    """
    with context.write() as transaction:
        rows = transaction.session.scalars(visible_submissions(context.caller).where(Upload.uuid.in_(ids)))
        uploads = [row.upload for row in rows if collects(context.caller, row.upload)]
        if uploads:
            _record(transaction, [("collected", upload) for upload in uploads])
    return {upload.uuid for upload in uploads}


def collects(caller: Identity, upload: Upload) -> bool:
    return sees_everybody(caller, upload.assignment.course.course_id)


def _record(transaction: Transaction, events: Sequence[tuple[Verb, Upload]]) -> None:
    """One entry per actor, object and verb within a day: the log lasts for ever, and who repeats it fills no disk."""
    actor = transaction.lock_caller()
    recent = set(
        transaction.session.execute(
            select(Action.object_id, Action.verb).where(
                Action.actor_pk == actor.pk,
                Action.object_id.in_([upload.uuid for _, upload in events]),
                Action.at > transaction.now - LOGGED_AGAIN,
            )
        )
    )
    unrecorded = [(verb, upload) for verb, upload in events if (upload.uuid, verb) not in recent]
    record_objects(transaction.session, unrecorded, actor, transaction.now)


def sign(store: ObjectStore, upload: Upload) -> SignedRequest:
    return store.sign_get(upload.object_key, filename=filename_of(upload), lifetime=URL_LIFETIME)


def filename_of(upload: Upload) -> str:
    """A name to save it under, in plain ASCII."""
    if upload.kind == "feedback":
        return re.sub(r"[^A-Za-z0-9._-]", "_", upload.notebook_id or "feedback") + ".html"
    return re.sub(r"[^A-Za-z0-9._-]", "_", upload.assignment.assignment_id) + ".tar.gz"
