"""Downloads: a signed URL for each object that the caller may see, and the audit log of it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, select

from nbexchange.api.access.identity import Identity
from nbexchange.api.access.permissions import sees_everybody
from nbexchange.api.access.visibility import IS_VISIBLE, parameters, visible_objects, withdrawn_objects
from nbexchange.api.audit.record import OBJECT, record_objects
from nbexchange.api.db.columns import Cells
from nbexchange.api.db.in_list import in_list
from nbexchange.api.db.models import Action, Upload
from nbexchange.api.db.prepared import Prepared
from nbexchange.api.problems import Withdrawn
from nbexchange.api.runtime import Context, Transaction
from nbexchange.protocol import DownloadItem, Verb
from nbexchange.storage import URL_LIFETIME, ObjectStore, SignedRequest

FETCHED: Mapping[str, Verb] = {
    "release": "fetched",
    "submission": "submission_fetched",
    "feedback": "feedback_fetched",
}
"""What the log calls it, by kind, when somebody is given a URL to fetch an object."""

LOGGED_AGAIN = timedelta(days=1)
"""After how long the log has another entry of the same."""

Visible = Cells
"""An object that the caller may have, with what the log copies of it."""

_COLUMNS = (*OBJECT, Upload.kind, Upload.object_key, Upload.unpacked_size, Upload.notebook_id)

_VISIBLE: Mapping[str, Prepared] = {
    kind: Prepared(visible_objects(kind, *_COLUMNS).where(in_list(Upload.uuid, "ids"))) for kind in IS_VISIBLE
}
_WITHDRAWN = Prepared(withdrawn_objects().where(in_list(Upload.uuid, "ids")))

_RECENT = Prepared(
    select(Action.upload_pk, Action.verb).where(
        in_list(Action.upload_pk, "upload_pks"),
        in_list(Action.verb, "verbs"),
        Action.actor_pk == bindparam("actor_pk"),
        Action.at > bindparam("since"),
    )
)


@dataclass(frozen=True)
class DownloadGrant:
    """An object that the caller may have, and the request that fetches it."""

    upload: Visible
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
    with context.read() as transaction:
        rows = _WITHDRAWN.fetch(transaction.connection, {**parameters(context.caller), "ids": ids})
    return {
        ("release", uuid): Withdrawn(course_id, assignment_id, at)
        for uuid, course_id, assignment_id, at in rows
    }


def find_visible(transaction: Transaction, items: Sequence[DownloadItem]) -> list[Visible]:
    """The uploads of the items that the caller may see, with one statement for each kind among them."""
    ids: dict[str, list[UUID]] = defaultdict(list)
    for item in items:
        ids[item.kind].append(item.id)
    caller = parameters(transaction.caller)
    return [
        row
        for kind, kind_ids in ids.items()
        for row in _VISIBLE[kind].fetch(transaction.connection, {**caller, "ids": kind_ids})
    ]


def note_collected(context: Context, ids: Sequence[UUID]) -> set[UUID]:
    """Log attempts as collected, which the caller says to have downloaded and kept; gives those of them that count.

    A student collects nothing. Saying it again within a day changes nothing.
    """
    with context.write() as transaction:
        asked = {**parameters(context.caller), "ids": ids}
        rows = _VISIBLE["submission"].fetch(transaction.connection, asked)
        uploads = [upload for upload in rows if collects(context.caller, upload)]
        if uploads:
            _record(transaction, [("collected", upload) for upload in uploads])
    return {upload.uuid for upload in uploads}


def collects(caller: Identity, upload: Visible) -> bool:
    return sees_everybody(caller, upload.course_id)


def _record(transaction: Transaction, events: Sequence[tuple[Verb, Visible]]) -> None:
    """One entry per actor, object and verb within a day: the log lasts for ever, and who repeats it fills no disk."""
    actor = transaction.lock_caller()
    asked = {
        "upload_pks": [upload.pk for _, upload in events],
        "verbs": {verb for verb, _ in events},
        "actor_pk": actor.pk,
        "since": transaction.now - LOGGED_AGAIN,
    }
    recent = set(_RECENT.fetch(transaction.connection, asked))
    unrecorded = [(verb, upload) for verb, upload in events if (upload.pk, verb) not in recent]
    record_objects(transaction.connection, unrecorded, actor, transaction.now)


def sign(store: ObjectStore, upload: Visible) -> SignedRequest:
    return store.sign_get(upload.object_key, filename=filename_of(upload), lifetime=URL_LIFETIME)


def filename_of(upload: Visible) -> str:
    """A name to save it under, in plain ASCII."""
    if upload.kind == "feedback":
        return re.sub(r"[^A-Za-z0-9._-]", "_", upload.notebook_id or "feedback") + ".html"
    return re.sub(r"[^A-Za-z0-9._-]", "_", upload.assignment_id) + ".tar.gz"
