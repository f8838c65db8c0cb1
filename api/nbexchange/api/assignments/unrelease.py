"""Unrelease and purge of an assignment.

Unrelease hides it from students: versions, submissions, feedback and history stay. Purge forgets it: its rows go
now, its objects with the next garbage collection, and the audit log stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Row, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from nbexchange.api.audit.record import record_objects, record_purge
from nbexchange.api.db.find_or_create import AssignmentRow, PersonRow, find_assignment
from nbexchange.api.db.models import Feedback, Release, Submission, Upload
from nbexchange.api.db.states import PURGED
from nbexchange.api.db.upload_rows import UploadRow, read_uploads
from nbexchange.api.problems import InvalidRequest
from nbexchange.api.runtime import Context, Transaction
from nbexchange.protocol import UnreleaseQuery, Verb

_HIDE = (
    update(Release)
    .where(Release.assignment_pk == bindparam("hidden_pk"), Release.is_current)
    .values(is_current=False)
    .returning(Release.pk)
)

PURGED_ROWS = (Release, Submission, Feedback)


@dataclass(frozen=True)
class PurgeCount:
    """What a purge removed, or would remove; the objects and their bytes go with the next garbage collection."""

    releases: int
    submissions: int
    feedback: int
    objects: int
    bytes: int


def unrelease(context: Context, request: UnreleaseQuery) -> PurgeCount | None:
    """Hide an assignment, or purge it, or count what a purge would remove; again, it changes nothing.

    Raises `NotFound` where there is no such assignment.
    """
    if request.dry_run and not request.purge:
        raise InvalidRequest("dry_run is for a purge.")
    with context.write() as transaction:
        actor, assignment = lock_assignment(transaction, request.course_id, request.assignment_id)
        if request.dry_run:
            return count(transaction.session, assignment)
        if request.purge:
            return purge(transaction, assignment, actor)
        _hide(transaction, assignment, actor)
        return None


def lock_assignment(
    transaction: Transaction, course_id: str, assignment_id: str
) -> tuple[PersonRow, AssignmentRow]:
    """The caller and the assignment, which no other request begins or publishes anything in until the end."""
    actor = transaction.lock_caller()
    assignment = find_assignment(
        transaction.connection, actor.org_pk, course_id, assignment_id, exclusive=True
    )
    return actor, assignment


def _hide(transaction: Transaction, assignment: AssignmentRow, actor: PersonRow) -> None:
    pks = transaction.connection.execute(_HIDE, {"hidden_pk": assignment.pk}).scalars().all()
    events: list[tuple[Verb, UploadRow]] = [
        ("unreleased", row) for row in read_uploads(transaction.connection, pks)
    ]
    record_objects(transaction.connection, events, actor, transaction.now)


def count(session: Session, assignment: AssignmentRow) -> PurgeCount:
    """What a purge would remove."""
    rows = [
        session.scalars(
            select(func.count()).select_from(model).where(model.assignment_pk == assignment.pk)
        ).one()
        for model in PURGED_ROWS
    ]
    return _purge_count(rows, _lock_unpurged(session, assignment))


def purge(transaction: Transaction, assignment: AssignmentRow, actor: PersonRow) -> PurgeCount:
    """Forget a locked assignment and all that belongs to it; purging it again changes nothing."""
    # First the uploads: one that is completed at this moment is waited for, and a later one is purged already.
    session = transaction.session
    uploads = _lock_unpurged(session, assignment)
    session.execute(
        update(Upload)
        .where(Upload.assignment_pk == assignment.pk, Upload.state != PURGED)
        .values(state=PURGED, completed_at=None)
        .execution_options(synchronize_session=False)
    )
    rows = [
        len(session.execute(delete(m).where(m.assignment_pk == assignment.pk).returning(m.pk)).all())
        for m in PURGED_ROWS
    ]
    if uploads:
        record_purge(transaction.connection, assignment, actor, transaction.now)
    return _purge_count(rows, uploads)


def _lock_unpurged(session: Session, assignment: AssignmentRow) -> Sequence[Row[int, int, int]]:
    """Key, size and sweeps of what is not purged yet, locked in the order in which all uploads are locked."""
    return session.execute(
        select(Upload.pk, Upload.size, Upload.sweeps)
        .where(Upload.assignment_pk == assignment.pk, Upload.state != PURGED)
        .order_by(Upload.pk)
        .with_for_update(key_share=True)
    ).all()


def _purge_count(rows: Sequence[int], uploads: Sequence[Row[int, int, int]]) -> PurgeCount:
    stored = [upload.size for upload in uploads if upload.sweeps == 0]
    releases, submissions, feedback = rows
    return PurgeCount(releases, submissions, feedback, len(stored), sum(stored))
