"""Garbage collection (`nbexchange gc`): no upload is pending for ever, and no object stays that nobody can reach.

A submission whose client died after sending it is completed; any other upload that ran out of time expires. Objects
are deleted only after their row says that nobody needs them, and once more a day after the last URL could have been
used, since a transfer that was under way may land after the first deletion. After that the rows are deleted as well: of
what was purged at once, of what ended without being completed after a month.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, or_, select, tuple_, update
from sqlalchemy.orm import aliased

from nbexchange.api.db.columns import Cells, Statement
from nbexchange.api.db.engine import clock
from nbexchange.api.db.models import Upload
from nbexchange.api.db.states import ABORTED, EXPIRED, PENDING, PURGED, REJECTED
from nbexchange.api.db.upload_rows import UPLOADS, UploadRow
from nbexchange.api.problems import ExchangeProblem, ObjectMissing
from nbexchange.api.runtime import Runtime
from nbexchange.api.uploads.complete import is_expired, settle
from nbexchange.storage import StoreUnavailable

log = logging.getLogger("nbexchange")

Condition = Callable[[datetime], ColumnElement[bool]]

PAGE = 100

LAST_SWEEP = 2

OBJECTS = select(Upload.pk, Upload.uuid, Upload.object_key, Upload.sweeps)

ENDED_KEPT = timedelta(days=30)
"""How long the row of an upload that ended without being completed is kept, after the upload's time."""

LATE_TRANSFER = timedelta(hours=24)
"""After an upload's end, how long a transfer may still be under way."""


def objection(upload: UploadRow) -> ExchangeProblem | None:
    """Orphaned submissions are completed, also after their owner's time; releases and feedback never are."""
    return None if upload.kind == "submission" else ObjectMissing("Left to its owner.")


@dataclass(frozen=True)
class Report:
    """What a garbage collection did.

    `forgotten` are rows that were deleted; `failed` are uploads that the store gave no answer for.
    """

    completed: int = 0
    expired: int = 0
    deleted: int = 0
    forgotten: int = 0
    failed: int = 0


def collect_garbage(runtime: Runtime) -> Report:
    """Deal once with everything that is due; may run at any time, also twice at once."""
    done: Counter[str] = Counter()
    for row in _each(runtime, UPLOADS, _is_due):
        upload = UploadRow(*row)
        with _counting_failures(done, upload):
            outcome = settle(runtime, [upload], objection, may_be_late=True)[upload.pk]
            done["completed"] += not isinstance(outcome, ExchangeProblem)
            done["expired"] += is_expired(outcome)
    for row in _each(runtime, OBJECTS, _is_garbage):
        with _counting_failures(done, row):
            runtime.store.delete(row.object_key)
            _note_sweep(runtime, row)
            done["deleted"] += row.sweeps == 0
    done["forgotten"] = _forget(runtime)
    return Report(**done)


@contextmanager
def _counting_failures(done: Counter[str], upload: UploadRow | Cells) -> Iterator[None]:
    """One object that the store has trouble with stops nothing else."""
    try:
        yield
    except StoreUnavailable as failure:
        log.error("upload %s is left to the next garbage collection: %s", upload.uuid, failure)
        done["failed"] += 1


def _each(runtime: Runtime, rows: Statement, condition: Condition) -> Iterator[Cells]:
    """The uploads that meet a condition, in the order of their keys, read page by page."""
    after = 0
    while page := _page(runtime, rows, condition, after):
        yield from page
        after = page[-1].pk


def _page(runtime: Runtime, rows: Statement, condition: Condition, after: int) -> Sequence[Cells]:
    with runtime.database.connect() as connection:
        is_next = condition(clock(connection)), Upload.pk > after
        return connection.execute(rows.where(*is_next).order_by(Upload.pk).limit(PAGE)).all()


def _is_due(now: datetime) -> ColumnElement[bool]:
    """Pending, and the last URL has run out."""
    return and_(Upload.state == PENDING, Upload.url_expires_at <= now)


def _is_garbage(now: datetime) -> ColumnElement[bool]:
    """Ended without being completed, or purged, and not yet swept for the last time."""
    again = and_(Upload.sweeps == 1, Upload.expires_at <= now - LATE_TRANSFER)
    return and_(Upload.state.in_([REJECTED, EXPIRED, ABORTED, PURGED]), or_(Upload.sweeps == 0, again))


def _forget(runtime: Runtime) -> int:
    """Delete rows that were swept for the last time: of purged uploads, a submission after its feedback, and of those
    that ended long ago.
    """
    feedback = aliased(Upload)
    # The whole foreign key, since its first two columns are indexed: the last alone would compare all with all.
    subject = tuple_(feedback.assignment_pk, feedback.student_pk, feedback.submission_pk)
    has_feedback = (
        select(feedback.pk)
        .where(subject == tuple_(Upload.assignment_pk, Upload.student_pk, Upload.pk))
        .exists()
    )
    is_swept = Upload.sweeps >= LAST_SWEEP
    is_purged = and_(Upload.state == PURGED, ~has_feedback)
    with runtime.database.begin() as connection:
        is_old = and_(
            Upload.state.in_([REJECTED, EXPIRED, ABORTED]),
            Upload.expires_at <= clock(connection) - ENDED_KEPT,
        )
        gone = delete(Upload).where(is_swept, or_(is_purged, is_old)).returning(Upload.pk)
        return len(connection.execute(gone).all())


def _note_sweep(runtime: Runtime, upload: Cells) -> None:
    """Compare and set: two garbage collections at once have swept once."""
    with runtime.database.begin() as connection:
        connection.execute(
            update(Upload)
            .where(Upload.pk == upload.pk, Upload.sweeps == upload.sweeps)
            .values(sweeps=upload.sweeps + 1)
        )
