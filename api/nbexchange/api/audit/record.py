"""Entries of the audit log, each written in the transaction that it tells of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from nbexchange.api.db.events import EVENTS, UPLOADED
from nbexchange.api.db.find_or_create import AssignmentRow, PersonRow
from nbexchange.api.db.inserts import insert_rows
from nbexchange.api.db.models import Action, Assignment, Course, Person, Upload
from nbexchange.api.db.upload_rows import UploadRow
from nbexchange.protocol import Verb

OBJECT = (
    Upload.pk,
    Upload.uuid,
    Course.org_pk,
    Course.course_id,
    Assignment.assignment_id,
    select(Person.name).where(Person.pk == Upload.student_pk).scalar_subquery().label("student"),
    Upload.size,
    Upload.sha256,
)
"""What an entry copies of the object that it is about, of a statement that joins assignment and course."""


def record_uploads(connection: Connection, uploads: Sequence[UploadRow]) -> None:
    """The uploads were completed, each by its actor."""
    insert_rows(connection, Action, [_completed_row(upload) for upload in uploads])


def _completed_row(upload: UploadRow) -> dict[str, Any]:
    assert upload.completed_at is not None  # noqa: S101 - it is completed
    return _object_row(UPLOADED[upload.kind], upload, upload.actor_pk, upload.actor, upload.completed_at)


def record_objects(
    connection: Connection, events: Sequence[tuple[Verb, Any]], actor: PersonRow, now: datetime
) -> None:
    """The actor did something to objects: rows that have what `OBJECT` names, as `UploadRow` does."""
    insert_rows(
        connection, Action, [_object_row(verb, row, actor.pk, actor.name, now) for verb, row in events]
    )


def _object_row(verb: Verb, row: Any, actor_pk: int, actor: str, now: datetime) -> dict[str, Any]:
    return {
        **_row(verb, row, actor_pk, actor, now),
        "on_behalf": row.student if row.student != actor else None,
        "assignment_id": row.assignment_id,
        "upload_pk": row.pk,
        "object_id": row.uuid,
        "size": row.size,
        "sha256": row.sha256,
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
