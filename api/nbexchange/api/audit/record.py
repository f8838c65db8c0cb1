"""Entries of the audit log, each written in the transaction that it tells of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from nbexchange.api.db.events import EVENTS, UPLOADED
from nbexchange.api.db.models import Action, Assignment, Course, Person, Upload
from nbexchange.protocol import Verb


def record_uploads(session: Session, uploads: Sequence[Upload], now: datetime) -> None:
    """The uploads were completed; each comes with its assignment, course, actor and student."""
    _insert(session, [_upload_row(UPLOADED[u.kind], u, u.actor, now) for u in uploads])


def record_objects(
    session: Session, events: Sequence[tuple[Verb, Upload]], actor: Person, now: datetime
) -> None:
    """The actor did something to what these uploads brought; each comes with its assignment, course and student."""
    _insert(session, [_upload_row(verb, upload, actor, now) for verb, upload in events])


def _upload_row(verb: Verb, upload: Upload, actor: Person, now: datetime) -> dict[str, Any]:
    student = upload.student.name if upload.student else None
    return {
        **_row(verb, upload.assignment.course, actor, now),
        "on_behalf": student if student != actor.name else None,
        "assignment_id": upload.assignment.assignment_id,
        "upload_pk": upload.pk,
        "object_id": upload.uuid,
        "size": upload.size,
        "sha256": upload.sha256,
    }


def record_purge(session: Session, assignment: Assignment, actor: Person, now: datetime) -> None:
    """A whole assignment was purged: all of its objects at once, so none by its id."""
    row = _row("purged", assignment.course, actor, now)
    _insert(session, [{**row, "assignment_id": assignment.assignment_id}])


def record_roster(
    session: Session,
    verb: Verb,
    roles: Mapping[str, str],
    course: Course,
    actor: Person | str,
    now: datetime,
) -> None:
    """People of these names and roles came onto the course's roster, or left it."""
    row = _row(verb, course, actor, now)
    _insert(session, [{**row, "on_behalf": name, "role": role} for name, role in roles.items()])


def _row(verb: Verb, course: Course, actor: Person | str, now: datetime) -> dict[str, Any]:
    """What all entries have. The administrator of the exchange is an actor without a row, known by name alone."""
    return {
        "verb": verb,
        "kind": EVENTS[verb].about,
        "at": now,
        "org_pk": course.org_pk,
        "actor_pk": actor.pk if isinstance(actor, Person) else None,
        "actor": actor.name if isinstance(actor, Person) else actor,
        "course_id": course.course_id,
    }


def _insert(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        session.execute(insert(Action), rows)
