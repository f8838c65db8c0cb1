"""Unrelease and purge of an assignment.

Unrelease hides it from students: versions, submissions, feedback and history stay. Purge forgets it: its rows go
now, its objects when the collector comes, and the log stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.orm import Session

from nbexchange.api.access.identity import Identity
from nbexchange.api.assignments.listing import visible
from nbexchange.api.audit.record import action_row, purge_row
from nbexchange.api.db import find_or_create as people
from nbexchange.api.db.engine import clock
from nbexchange.api.db.models import PURGED, Action, Feedback, Person, Release, Submission, Upload
from nbexchange.protocol import Purged


@dataclass(frozen=True)
class Handle:
    """An assignment in the hands of one of its instructors: nothing is begun or published in it meanwhile."""

    session: Session
    identity: Identity
    actor: Person
    place: people.Place
    now: datetime

    @property
    def pk(self) -> int:
        return self.place.assignment.pk


def take(session: Session, identity: Identity, course_id: str, assignment_id: str) -> Handle:
    """Lock the assignment for its instructor. `NotFound` where there is none."""
    identity.require("instructor", course_id)
    org_pk = people.find_organisation(session, identity.org_id)
    actor = people.remember(session, org_pk, identity)[identity.name]
    place = people.find_place(session, org_pk, course_id, assignment_id, alone=True)
    return Handle(session, identity, actor, place, clock(session))


def unrelease(handle: Handle) -> None:
    """Hide the assignment from students; hiding it again changes nothing."""
    current = visible(Release, handle.identity, [handle.place.course.course_id]).where(
        Release.assignment_pk == handle.pk, Release.is_current
    )
    release = handle.session.scalars(current).one_or_none()
    if release is None:
        return
    release.is_current = False
    row = action_row("removed", release.upload, handle.now, actor_pk=handle.actor.pk, actor=handle.actor.name)
    handle.session.execute(insert(Action), [row])


BELONGINGS = (Release, Submission, Feedback)


def count(handle: Handle) -> Purged:
    """What a purge would remove."""
    rows = [
        handle.session.scalars(
            select(func.count()).select_from(model).where(model.assignment_pk == handle.pk)
        ).one()
        for model in BELONGINGS
    ]
    return _purged(rows, _uploads(handle))


def purge(handle: Handle) -> Purged:
    """Forget the assignment and all that belongs to it; purging it again changes nothing."""
    # First the uploads: whoever completes one at this moment is waited for, and whoever comes later finds it purged.
    uploads = _uploads(handle)
    handle.session.execute(
        update(Upload)
        .where(Upload.assignment_pk == handle.pk, Upload.state != PURGED)
        .values(state=PURGED, completed_at=None)
        .execution_options(synchronize_session=False)
    )
    rows = [
        len(
            handle.session.execute(
                delete(model).where(model.assignment_pk == handle.pk).returning(model.pk)
            ).all()
        )
        for model in BELONGINGS
    ]
    if uploads:
        handle.session.execute(insert(Action), [purge_row(handle.place, handle.now, handle.actor)])
    return _purged(rows, uploads)


def _uploads(handle: Handle) -> Sequence[Row[int, int, int]]:
    """Key, size and sweeps of what is not purged yet, locked in the order in which everybody locks uploads."""
    return handle.session.execute(
        select(Upload.pk, Upload.size, Upload.sweeps)
        .where(Upload.assignment_pk == handle.pk, Upload.state != PURGED)
        .order_by(Upload.pk)
        .with_for_update(key_share=True)
    ).all()


def _purged(rows: Sequence[int], uploads: Sequence[Row[int, int, int]]) -> Purged:
    stored = [upload.size for upload in uploads if upload.sweeps == 0]
    releases, submissions, feedback = rows
    return Purged(releases, submissions, feedback, len(stored), sum(stored))
