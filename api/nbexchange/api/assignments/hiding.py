"""Removed submissions: hidden from a list, with their bytes and their place among the attempts kept."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from nbexchange.api.access.identity import Identity
from nbexchange.api.assignments.listing import visible
from nbexchange.api.audit.record import action_row
from nbexchange.api.db import find_or_create as people
from nbexchange.api.db.engine import clock
from nbexchange.api.db.models import Action, Person, Submission, Upload
from nbexchange.api.problems import NotFound
from nbexchange.protocol import ItemFailed, RemovalAnswer, Removed, RemoveSubmissions

Flag = InstrumentedAttribute[bool]


def remove(session: Session, identity: Identity, wanted: RemoveSubmissions) -> list[RemovalAnswer]:
    """Hide each submission that the caller may hide; doing so again changes nothing.

    An instructor's call hides from the course, unless `own` says that their own list is meant; anybody else's
    hides their own attempts from their own list.
    """
    rows = session.scalars(
        visible(Submission, identity, identity.courses).where(Upload.uuid.in_(wanted.ids))
    ).all()
    flags = {row.upload.uuid: _flag_for(identity, row, own=wanted.own) for row in rows}
    known = [row for row in rows if flags[row.upload.uuid] is not None]
    if known:
        actor = _lock(session, identity, known)
        for flag in (Submission.hidden_from_course, Submission.hidden_from_owner):
            if chosen := [row for row in known if flags[row.upload.uuid] is flag]:
                _hide(session, actor, chosen, flag)
    return [
        ItemFailed(wanted_id, NotFound("You have no such submission.").to_wire())
        if flags.get(wanted_id) is None
        else Removed(wanted_id)
        for wanted_id in wanted.ids
    ]


def _flag_for(identity: Identity, row: Submission, *, own: bool) -> Flag | None:
    """From whom this caller hides the submission; None when they may not know of it."""
    upload = row.upload
    if not own and identity.teaches(upload.assignment.course.course_id):
        return Submission.hidden_from_course
    is_owner = upload.student is not None and upload.student.name == identity.name
    return Submission.hidden_from_owner if is_owner else None


def _lock(session: Session, identity: Identity, rows: Sequence[Submission]) -> Person:
    """The caller's row, and a lock on what they hide, in the order in which everybody locks uploads."""
    actor = people.remember(session, rows[0].upload.org_pk, identity)[identity.name]
    wanted = select(Upload.pk).where(Upload.pk.in_([row.pk for row in rows]))
    session.execute(wanted.order_by(Upload.pk).with_for_update(key_share=True)).all()
    return actor


def _hide(session: Session, actor: Person, chosen: Sequence[Submission], flag: Flag) -> None:
    """Set the flag, and log where it was not set before."""
    changed = session.scalars(
        update(Submission)
        .where(Submission.pk.in_([row.pk for row in chosen]), ~flag)
        .values({flag: True})
        .returning(Submission.pk)
        .execution_options(synchronize_session=False)
    ).all()
    now = clock(session)
    rows = [
        action_row("removed", row.upload, now, actor_pk=actor.pk, actor=actor.name)
        for row in chosen
        if row.pk in changed
    ]
    if rows:
        session.execute(insert(Action), rows)
