"""The log of what was done: verb, people, object, digest and the database's time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from nbexchange.api.db.find_or_create import Place
from nbexchange.api.db.models import Person, Upload


def action_row(verb: str, upload: Upload, at: datetime, *, actor_pk: int, actor: str) -> dict[str, Any]:
    """A row of the log. `upload` comes with its assignment, course and student."""
    student = upload.student.name if upload.student else None
    return {
        "verb": verb,
        "kind": upload.kind,
        "at": at,
        "org_pk": upload.org_pk,
        "actor_pk": actor_pk,
        "actor": actor,
        "on_behalf": student if student != actor else None,
        "course_id": upload.assignment.course.course_id,
        "assignment_id": upload.assignment.assignment_id,
        "upload_pk": upload.pk,
        "object_id": upload.uuid,
        "size": upload.size,
        "sha256": upload.sha256,
    }


def purge_row(place: Place, at: datetime, actor: Person) -> dict[str, Any]:
    """The row that says that a whole assignment was purged: all of its objects at once, so none by its id."""
    return {
        "verb": "removed",
        "kind": "assignment",
        "at": at,
        "org_pk": place.org_pk,
        "actor_pk": actor.pk,
        "actor": actor.name,
        "course_id": place.course.course_id,
        "assignment_id": place.assignment.assignment_id,
    }
