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
    Course.course_id,
    Assignment.assignment_id,
    select(Person.name).where(Person.pk == Upload.student_pk).scalar_subquery().label("student"),
    Upload.size,
    Upload.sha256,
)
"""What an entry copies of the object that it is about, of a statement that joins assignment and course."""


def record_uploads(connection: Connection, uploads: Sequence[UploadRow]) -> None:
    """The uploads, all of one kind, were completed, each by its actor."""
    if uploads:
        rows = [
            {**_completion_columns(upload), **_object_columns(upload, upload.actor)} for upload in uploads
        ]
        insert_rows(connection, Action, rows, _event_columns(UPLOADED[uploads[0].kind]))


def _completion_columns(upload: UploadRow) -> dict[str, Any]:
    assert upload.completed_at is not None  # noqa: S101 - it is completed
    return _actor_columns(upload.org_pk, upload.actor_pk, upload.actor, upload.completed_at)


def record_objects(
    connection: Connection, events: Sequence[tuple[Verb, Any]], actor: PersonRow, now: datetime
) -> None:
    """The actor did something to objects: rows that have what `OBJECT` names, as `UploadRow` does."""
    rows = [{**_event_columns(verb), **_object_columns(row, actor.name)} for verb, row in events]
    insert_rows(connection, Action, rows, _actor_columns(actor.org_pk, actor.pk, actor.name, now))


def record_purge(connection: Connection, assignment: AssignmentRow, actor: PersonRow, now: datetime) -> None:
    """A whole assignment was purged: all of its objects at once, so none by its id."""
    row = {"course_id": assignment.course_id, "assignment_id": assignment.assignment_id}
    shared = {**_event_columns("purged"), **_actor_columns(actor.org_pk, actor.pk, actor.name, now)}
    insert_rows(connection, Action, [row], shared)


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
    shared = {
        **_event_columns(verb),
        **_actor_columns(course.org_pk, actor_pk, name, now),
        "course_id": course.course_id,
    }
    rows = [{"on_behalf": name, "role": role} for name, role in roles.items()]
    insert_rows(connection, Action, rows, shared)


def _event_columns(verb: Verb) -> dict[str, Any]:
    return {"verb": verb, "kind": EVENTS[verb].about}


def _actor_columns(org_pk: int, actor_pk: int | None, actor: str, now: datetime) -> dict[str, Any]:
    return {"at": now, "org_pk": org_pk, "actor_pk": actor_pk, "actor": actor}


def _object_columns(row: Any, actor: str) -> dict[str, Any]:
    return {
        "course_id": row.course_id,
        "on_behalf": row.student if row.student != actor else None,
        "assignment_id": row.assignment_id,
        "upload_pk": row.pk,
        "object_id": row.uuid,
        "size": row.size,
        "sha256": row.sha256,
    }
