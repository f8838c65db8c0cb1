"""Entries of the audit log, each written in the transaction that it tells of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from nbexchange.api.db.engine import insert_rows
from nbexchange.api.db.events import EVENTS, UPLOADED
from nbexchange.api.db.find_or_create import AssignmentRow, PersonRow
from nbexchange.api.db.models import Action, Course, Upload
from nbexchange.api.db.upload_rows import UploadRow
from nbexchange.protocol import Verb


def record_uploads(connection: Connection, uploads: Sequence[UploadRow]) -> None:
    """The uploads were completed, each by its actor."""
    insert_rows(connection, Action, [_completed_row(upload) for upload in uploads])


def _completed_row(upload: UploadRow) -> dict[str, Any]:
    assert upload.completed_at is not None  # noqa: S101 - it is completed
    return {
        **_row(UPLOADED[upload.kind], upload, upload.actor_pk, upload.actor, upload.completed_at),
        "on_behalf": upload.student if upload.student != upload.actor else None,
        "assignment_id": upload.assignment_id,
        "upload_pk": upload.pk,
        "object_id": upload.uuid,
        "size": upload.size,
        "sha256": upload.sha256,
    }


def record_objects(
    session: Session, events: Sequence[tuple[Verb, Upload]], actor: PersonRow, now: datetime
) -> None:
    """The actor did something to what these uploads brought; each comes with its assignment, course and student."""
    insert_rows(
        session.connection(), Action, [_upload_row(verb, upload, actor, now) for verb, upload in events]
    )


def _upload_row(verb: Verb, upload: Upload, actor: PersonRow, now: datetime) -> dict[str, Any]:
    student = upload.student.name if upload.student else None
    return {
        **_row(verb, upload.assignment.course, actor.pk, actor.name, now),
        "on_behalf": student if student != actor.name else None,
        "assignment_id": upload.assignment.assignment_id,
        "upload_pk": upload.pk,
        "object_id": upload.uuid,
        "size": upload.size,
        "sha256": upload.sha256,
    }


def record_purge(connection: Connection, assignment: AssignmentRow, actor: PersonRow, now: datetime) -> None:
    """A whole assignment was purged: all of its objects at once, so none by its id."""
    row = _row("purged", assignment, actor.pk, actor.name, now)
    insert_rows(connection, Action, [{**row, "assignment_id": assignment.assignment_id}])


def record_roster(
    connection: Connection,
    verb: Verb,
    roles: Mapping[str, str],
    course: Course,
    actor: PersonRow | str,
    now: datetime,
) -> None:
    """People of these names and roles came onto the course's roster, or left it.

    The administrator of the exchange is an actor without a row, known by name alone.
    """
    actor_pk, name = (None, actor) if isinstance(actor, str) else (actor.pk, actor.name)
    row = _row(verb, course, actor_pk, name, now)
    insert_rows(
        connection, Action, [{**row, "on_behalf": name, "role": role} for name, role in roles.items()]
    )


def _row(
    verb: Verb, subject: Course | AssignmentRow | UploadRow, actor_pk: int | None, actor: str, now: datetime
) -> dict[str, Any]:
    """What all entries have."""
    return {
        "verb": verb,
        "kind": EVENTS[verb].about,
        "at": now,
        "org_pk": subject.org_pk,
        "actor_pk": actor_pk,
        "actor": actor,
        "course_id": subject.course_id,
    }
