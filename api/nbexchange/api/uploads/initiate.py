"""Uploads begin: announced, checked, stamped, and only then given a URL."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import bindparam, case, select, update

from nbexchange.api.db.columns import Cells
from nbexchange.api.db.in_list import in_list
from nbexchange.api.db.inserts import insert_rows
from nbexchange.api.db.models import Upload
from nbexchange.api.db.prepared import Prepared
from nbexchange.api.db.states import COMPLETED, EXPIRED, PENDING
from nbexchange.api.db.upload_rows import UploadRow, read_uploads
from nbexchange.api.problems import ExchangeProblem, IdReused, UploadEnded
from nbexchange.api.runtime import Context
from nbexchange.api.uploads.batch import Batch, lock_batch
from nbexchange.api.uploads.quota_usage import check_course
from nbexchange.api.uploads.rules import RULES, Rule, admit
from nbexchange.protocol import InitiateUploads, UploadItem, listed_notebooks
from nbexchange.storage import URL_LIFETIME, ObjectStore, SignedRequest

EXISTING = Prepared(
    select(
        Upload.pk,
        Upload.item_id,
        Upload.fingerprint,
        Upload.state,
        Upload.kind,
        Upload.object_key,
        Upload.size,
        Upload.sha256,
        Upload.stamp,
        Upload.url_expires_at,
        Upload.expires_at,
    ).where(Upload.actor_pk == bindparam("actor_pk"), in_list(Upload.item_id, "item_ids"))
)
END = bindparam("end", type_=Upload.url_expires_at.type)
RENEW = Prepared(
    update(Upload)
    .where(in_list(Upload.pk, "pks"))
    .values(url_expires_at=case((Upload.expires_at < END, Upload.expires_at), else_=END))
)


class OpenUpload(NamedTuple):
    """What is to be sent, and until when."""

    object_key: str
    kind: str
    size: int
    sha256: str
    stamp: datetime
    url_expires_at: datetime


@dataclass(frozen=True)
class UploadGrant:
    """An upload that is open, and the request that carries its bytes."""

    upload: OpenUpload
    signed: SignedRequest
    expires_at: datetime
    """By the database's clock, as every instant that a client is told."""
    wants_md5: bool = False
    """Whether the store would check an MD5, which was not announced."""


Begun = OpenUpload | UploadRow | ExchangeProblem
"""What came of an item under the locks: what is to be sent, what it became already, or what is wrong with it."""


def initiate(
    context: Context, request: InitiateUploads
) -> dict[UUID, UploadGrant | UploadRow | ExchangeProblem]:
    """Announce uploads: by item id a signed URL, what the upload became already, or what is wrong with it.

    The bytes are fixed from here on, and so is the stamp. Raises for what is wrong with all items.
    """
    with context.write() as transaction:
        batch = lock_batch(transaction, request)
        begun = begin(batch)
    return {
        item.id: _outcome(context.runtime.store, batch.now, item, begun[item.id]) for item in request.items
    }


def begin(batch: Batch) -> dict[UUID, Begun]:
    """What comes of each item, by item id; the statements do not grow with the items."""
    rule = RULES[batch.request.kind](batch)
    existing = _find_existing(batch) if rule.has_existing else {}
    items = batch.request.items
    begun = _open(batch, rule, [item for item in items if item.id not in existing])
    return begun | _repeat_all(batch, [item for item in items if item.id in existing], existing)


def _find_existing(batch: Batch) -> Mapping[UUID, Cells]:
    values = {"actor_pk": batch.actor.pk, "item_ids": [item.id for item in batch.request.items]}
    return {row.item_id: row for row in EXISTING.fetch(batch.transaction.connection, values)}


def _repeat_all(
    batch: Batch, items: Sequence[UploadItem], existing: Mapping[UUID, Cells]
) -> dict[UUID, Begun]:
    """The same answer for the same content, with a fresh URL while the upload is open."""
    connection = batch.transaction.connection
    problems = {item.id: _find_problem(batch, item, existing[item.id]) for item in items}
    rows = [existing[item_id] for item_id, problem in problems.items() if problem is None]
    end = batch.now + URL_LIFETIME
    ends = {row.pk: min(end, row.expires_at) for row in rows if row.state == PENDING}
    if ends:
        RENEW.run(connection, {"pks": list(ends), "end": end})
    completed = read_uploads(connection, [row.pk for row in rows if row.state == COMPLETED])
    return {
        **{item_id: problem for item_id, problem in problems.items() if problem},
        **{upload.item_id: upload for upload in completed},
        **{row.item_id: _open_upload(row, ends[row.pk]) for row in rows if row.pk in ends},
    }


def _find_problem(batch: Batch, item: UploadItem, row: Cells) -> ExchangeProblem | None:
    if row.fingerprint != fingerprint(batch.request, item):
        return IdReused("This id was used before, for other content.")
    if row.state == PENDING and batch.now >= row.expires_at:
        return UploadEnded(EXPIRED)
    return None if row.state in {PENDING, COMPLETED} else UploadEnded(row.state)


def _open_upload(row: Cells, url_expires_at: datetime) -> OpenUpload:
    return OpenUpload(row.object_key, row.kind, row.size, row.sha256, row.stamp, url_expires_at)


def _open(batch: Batch, rule: Rule, items: Sequence[UploadItem]) -> dict[UUID, Begun]:
    if not items:
        return {}
    admitted, refused = admit(batch, rule, items)
    rows = [_own_columns(batch, item) | columns for item, columns in admitted]
    if not rows:
        return {**refused}
    size = sum(row["size"] for row in rows)
    rule.check_quotas(size)
    check_course(batch, size)
    shared = _shared_columns(batch)
    insert_rows(batch.transaction.connection, Upload, rows, shared)
    kind, end = batch.request.kind, shared["url_expires_at"]
    opened = {
        row["item_id"]: OpenUpload(row["object_key"], kind, row["size"], row["sha256"], row["stamp"], end)
        for row in rows
    }
    return {**refused, **opened}


def _shared_columns(batch: Batch) -> dict[str, Any]:
    return {
        "call_id": batch.call_id,
        "org_pk": batch.assignment.org_pk,
        "assignment_pk": batch.assignment.pk,
        "actor_pk": batch.actor.pk,
        "kind": batch.request.kind,
        "state": PENDING,
        "by_instructor": batch.by_instructor,
        "url_expires_at": batch.now + URL_LIFETIME,
        "expires_at": batch.expires_at,
    }


def _own_columns(batch: Batch, item: UploadItem) -> dict[str, Any]:
    return {
        "uuid": uuid4(),
        "object_key": make_object_key(batch),
        "item_id": item.id,
        "fingerprint": fingerprint(batch.request, item),
        "size": item.size,
        "sha256": item.sha256,
        "unpacked_size": item.unpacked_size,
        "tree_sha256": item.tree_sha256,
        "notebooks": listed_notebooks(item.notebooks),
        "force": item.force,
        "stamp": batch.now,
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


def _outcome(
    store: ObjectStore, now: datetime, item: UploadItem, begun: Begun
) -> UploadGrant | UploadRow | ExchangeProblem:
    """Signed after the transaction: a URL exists for no row that is not committed."""
    if not isinstance(begun, OpenUpload):
        return begun
    lifetime = begun.url_expires_at - now
    signed = store.sign_put(
        begun.object_key, size=begun.size, sha256=begun.sha256, md5=item.md5, lifetime=lifetime
    )
    return UploadGrant(begun, signed, now + signed.lifetime, store.wants_md5 and item.md5 is None)
