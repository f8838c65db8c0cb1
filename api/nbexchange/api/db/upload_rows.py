"""Uploads as rows: with the names that an answer and the audit log need, and what each became."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, select

from nbexchange.api.db.columns import Statement
from nbexchange.api.db.in_list import in_list
from nbexchange.api.db.models import (
    Assignment,
    Course,
    Person,
    Release,
    Submission,
    Upload,
)
from nbexchange.api.db.prepared import Prepared


class UploadRow(NamedTuple):
    """An upload. `version` and `attempt` are numbers of what a completed one became, as its kind has them."""

    pk: int
    uuid: UUID
    item_id: UUID
    kind: str
    state: str
    object_key: str
    size: int
    sha256: str
    unpacked_size: int | None
    tree_sha256: str | None
    notebooks: list[str]
    force: bool
    by_instructor: bool
    notebook_id: str | None
    submitted_at: datetime | None
    stamp: datetime
    expires_at: datetime
    completed_at: datetime | None
    org_pk: int
    assignment_pk: int
    actor_pk: int
    student_pk: int | None
    assignment_id: str
    course_id: str
    actor: str
    student: str | None
    version: int | None
    attempt: int | None


OF_OTHERS = {
    "assignment_id": Assignment.assignment_id,
    "course_id": Course.course_id,
    # Looked up for each row: as joins, they would cost the planner more than all the rest.
    "actor": select(Person.name).where(Person.pk == Upload.actor_pk).scalar_subquery(),
    "student": select(Person.name).where(Person.pk == Upload.student_pk).scalar_subquery(),
    "version": select(Release.version).where(Release.pk == Upload.pk).scalar_subquery(),
    "attempt": select(Submission.attempt).where(Submission.pk == Upload.pk).scalar_subquery(),
}

UPLOADS: Statement = (
    select(*(OF_OTHERS.get(name, getattr(Upload, name, None)) for name in UploadRow._fields))  # type: ignore[arg-type]  # each is one of both
    .join(Assignment, Upload.assignment_pk == Assignment.pk)
    .join(Course, Assignment.course_pk == Course.pk)
)
"""To be narrowed; its rows are those of `UploadRow`."""

BY_KEYS = Prepared(UPLOADS.where(in_list(Upload.pk, "pks")), UploadRow)

LOCKED_STATES = Prepared(
    select(Upload.pk, Upload.state)
    .where(in_list(Upload.pk, "pks"))
    .order_by(Upload.pk)  # in one order everywhere, so that no two requests wait for each other
    .with_for_update(key_share=True)
)


def read_uploads(connection: Connection, pks: Collection[int]) -> Sequence[UploadRow]:
    """The uploads of these keys, as they are now."""
    return BY_KEYS.fetch(connection, {"pks": list(pks)}) if pks else []
