"""Uploads begin: announced, checked, stamped, and only then given a URL."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import insert, select

from nbexchange.api.db.loading import load_published
from nbexchange.api.db.models import Published, Upload
from nbexchange.api.db.states import COMPLETED, EXPIRED, PENDING
from nbexchange.api.problems import ExchangeProblem, IdReused, UploadEnded
from nbexchange.api.runtime import Context, Transaction
from nbexchange.api.uploads.batch import Batch, lock_batch
from nbexchange.api.uploads.quota_usage import check_usage
from nbexchange.api.uploads.rules import admit
from nbexchange.protocol import InitiateUploads, UploadItem, listed_notebooks
from nbexchange.storage import URL_LIFETIME, ObjectStore, SignedRequest

Begun = Upload | ExchangeProblem
"""What came of an item under the locks: its row, or what is wrong with it."""


@dataclass(frozen=True)
class UploadGrant:
    """An upload that is open, and the request that carries its bytes."""

    upload: Upload
    signed: SignedRequest
    expires_at: datetime
    """By the database's clock, as every instant that a client is told."""
    wants_md5: bool = False
    """Whether the store would check an MD5, which was not announced."""


def initiate(
    context: Context, request: InitiateUploads
) -> dict[UUID, UploadGrant | Published | ExchangeProblem]:
    """Announce uploads: by item id a signed URL, what the upload became already, or what is wrong with it.

    The bytes are fixed from here on, and so is the stamp. Raises for what is wrong with all items.
    """
    with context.write() as transaction:
        batch = lock_batch(transaction, request)
        begun = begin(batch)
        published = _load_completed(transaction, begun.values())
    return {
        item.id: _outcome(context.runtime.store, batch.now, item, begun[item.id], published)
        for item in request.items
    }


def begin(batch: Batch) -> dict[UUID, Begun]:
    """An upload row or a problem for each item, by item id; the statements do not grow with the items."""
    existing = _find_existing(batch)
    items = batch.request.items
    begun = _open(batch, [item for item in items if item.id not in existing])
    repeated = {item.id: _repeat(batch, item, existing[item.id]) for item in items if item.id in existing}
    return begun | repeated


def _find_existing(batch: Batch) -> dict[UUID, Upload]:
    query = select(Upload).where(
        Upload.actor_pk == batch.actor.pk,
        Upload.item_id.in_([item.id for item in batch.request.items]),
    )
    return {upload.item_id: upload for upload in batch.transaction.session.scalars(query)}


def _repeat(batch: Batch, item: UploadItem, upload: Upload) -> Begun:
    """The same answer for the same content, with a fresh URL while the upload is open."""
    if upload.fingerprint != fingerprint(batch.request, item):
        return IdReused("This id was used before, for other content.")
    if upload.state == PENDING and batch.now >= upload.expires_at:
        return UploadEnded(EXPIRED)
    if upload.state == PENDING:
        upload.url_expires_at = min(batch.now + URL_LIFETIME, upload.expires_at)
    elif upload.state != COMPLETED:
        return UploadEnded(upload.state)
    return upload


def _open(batch: Batch, items: Sequence[UploadItem]) -> dict[UUID, Begun]:
    if not items:
        return {}
    admitted, refused = admit(batch, items)
    rows = [_row(batch, item) | columns for item, columns in admitted]
    if not rows:
        return {**refused}
    check_usage(batch, sum(row["size"] for row in rows))
    opened = batch.transaction.session.scalars(insert(Upload).returning(Upload), rows)
    return {**refused, **{upload.item_id: upload for upload in opened}}


def _row(batch: Batch, item: UploadItem) -> dict[str, Any]:
    return {
        "uuid": uuid4(),
        "object_key": make_object_key(batch),
        "call_id": batch.call_id,
        "org_pk": batch.assignment.org_pk,
        "assignment_pk": batch.assignment.pk,
        "actor_pk": batch.actor.pk,
        "item_id": item.id,
        "fingerprint": fingerprint(batch.request, item),
        "kind": batch.request.kind,
        "state": PENDING,
        "size": item.size,
        "sha256": item.sha256,
        "unpacked_size": item.unpacked_size,
        "tree_sha256": item.tree_sha256,
        "notebooks": listed_notebooks(item.notebooks),
        "force": item.force,
        "by_instructor": batch.by_instructor,
        "stamp": batch.now,
        "url_expires_at": batch.now + URL_LIFETIME,
        "expires_at": batch.expires_at,
    }


def make_object_key(batch: Batch) -> str:
    """A new key below a folder for each organisation and assignment, for people who look into the bucket."""
    kind = batch.request.kind
    suffix = "html" if kind == "feedback" else "tar.gz"
    return f"v1/{batch.assignment.org_pk}/{batch.assignment.pk}/{kind}/{uuid4()}.{suffix}"


def fingerprint(request: InitiateUploads, item: UploadItem) -> str:
    """What the same id must always come with. An MD5 may follow later, and services of before know none."""
    item = msgspec.structs.replace(item, md5=None)
    content = msgspec.json.encode([request.kind, request.course_id, request.assignment_id, item])
    return hashlib.sha256(content).hexdigest()


def _load_completed(transaction: Transaction, begun: Iterable[Begun]) -> Mapping[int, Published]:
    completed = [entry for entry in begun if isinstance(entry, Upload) and entry.state == COMPLETED]
    return load_published(transaction.session, completed)


def _outcome(
    store: ObjectStore, now: datetime, item: UploadItem, begun: Begun, published: Mapping[int, Published]
) -> UploadGrant | Published | ExchangeProblem:
    """Signed after the transaction: a URL exists for no row that is not committed."""
    if isinstance(begun, ExchangeProblem):
        return begun
    if begun.pk in published:
        return published[begun.pk]
    lifetime = begun.url_expires_at - now
    signed = store.sign_put(
        begun.object_key, size=begun.size, sha256=begun.sha256, md5=item.md5, lifetime=lifetime
    )
    return UploadGrant(begun, signed, now + signed.lifetime, store.wants_md5 and item.md5 is None)
