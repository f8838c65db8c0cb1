"""A term's worth of rows, put into the database as the service would have left them, but faster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

from sqlalchemy import insert
from sqlalchemy.orm import Session

from nbexchange.api.db.engine import Database
from nbexchange.api.db.models import (
    Assignment,
    Course,
    Feedback,
    Organisation,
    Person,
    Release,
    Submission,
    Upload,
)
from nbexchange.api.db.states import COMPLETED
from support.people.callers import COURSE, TEACHER

NOTEBOOKS = ["p1.ipynb", "part/p2.ipynb"]

Row = dict[str, Any]


class Term:
    """A course whose assignments are all released, and whose students hand in, a second after each other."""

    def __init__(
        self,
        session: Session,
        students: Sequence[str],
        assignments: Sequence[str],
        started: datetime,
        notebooks: Sequence[str] = NOTEBOOKS,
    ) -> None:
        self.session = session
        self.started = started
        self.notebooks = notebooks
        (self.org_pk,) = self._add(Organisation, [{"org_id": "1"}])
        names = [TEACHER, *students]
        self.teacher, *self.students = self._add(Person, [{"org_pk": self.org_pk, "name": n} for n in names])
        (course,) = self._add(Course, [{"org_pk": self.org_pk, "course_id": COURSE}])
        course_columns = {"org_pk": self.org_pk, "course_pk": course}
        pks = self._add(Assignment, [{**course_columns, "assignment_id": name} for name in assignments])
        self.assignments: Mapping[str, int] = dict(zip(assignments, pks, strict=True))
        for pk in pks:
            (release,) = self._add(Upload, [self._upload(pk, "release", self.teacher, started)])
            self._add(Release, [{"pk": release, "assignment_pk": pk, "version": 1, "is_current": True}])

    def hand_in(self, assignment: str, began: datetime, attempt: int = 1) -> None:
        """An attempt of every student, and feedback on it."""
        assignment_pk = self.assignments[assignment]
        whose = [(pk, began + timedelta(seconds=n)) for n, pk in enumerate(self.students, 1)]
        pks = self._add(
            Upload, [self._upload(assignment_pk, "submission", pk, at, student_pk=pk) for pk, at in whose]
        )
        about = [{"student_pk": pk, "submitted_at": at, "notebook_id": "p1"} for pk, at in whose]
        feedback = [
            self._upload(assignment_pk, "feedback", self.teacher, self.started, submission_pk=pk, **row)
            for pk, row in zip(pks, about, strict=True)
        ]
        attempts = [{"student_pk": pk, "attempt": attempt} for pk in self.students]
        self._publish(Submission, assignment_pk, pks, attempts)
        self._publish(
            Feedback,
            assignment_pk,
            self._add(Upload, feedback),
            [{**row, "is_current": True} for row in about],
        )

    def _publish(self, model: Any, assignment_pk: int, pks: Sequence[int], rows: Sequence[Row]) -> None:
        """What uploads became: rows of `model` with the same keys."""
        self._add(
            model,
            [{"pk": pk, "assignment_pk": assignment_pk, **row} for pk, row in zip(pks, rows, strict=True)],
        )

    def _add(self, model: Any, rows: list[Row]) -> list[int]:
        returning = insert(model).returning(model.pk, sort_by_parameter_order=True)
        return list(self.session.scalars(returning, rows))

    def _upload(self, assignment_pk: int, kind: str, actor: int, at: datetime, **values: Any) -> Row:
        archive = kind != "feedback"
        return {
            "uuid": uuid4(),
            "object_key": f"v1/{uuid4()}",
            "call_id": uuid4(),
            "org_pk": self.org_pk,
            "assignment_pk": assignment_pk,
            "actor_pk": actor,
            "item_id": uuid4(),
            "fingerprint": "0" * 64,
            "kind": kind,
            "state": COMPLETED,
            "size": 1000,
            "sha256": sha256(b"").hexdigest(),
            "unpacked_size": 1000 if archive else None,
            "notebooks": self.notebooks if archive else [],
            "force": False,
            "by_instructor": actor == self.teacher,
            "student_pk": None,
            "notebook_id": None,
            "submitted_at": None,
            "submission_pk": None,
            "stamp": at,
            "url_expires_at": at,
            "expires_at": at,
            "completed_at": at,
            **values,
        }


def a_row_of_each(database: Database, **values: Any) -> tuple[int, int, int, int]:
    """An organisation with a person, a course, an assignment and a pending release; their keys."""
    now = datetime.now(UTC)
    with database.write() as session:
        org = session.scalar(insert(Organisation).values(org_id=uuid4().hex).returning(Organisation.pk))
        person = session.scalar(insert(Person).values(org_pk=org, name="ada").returning(Person.pk))
        course = session.scalar(insert(Course).values(org_pk=org, course_id="cs1").returning(Course.pk))
        assignment = session.scalar(
            insert(Assignment)
            .values(org_pk=org, course_pk=course, assignment_id="ps1")
            .returning(Assignment.pk)
        )
        row = {
            "uuid": uuid4(),
            "object_key": uuid4().hex,
            "call_id": uuid4(),
            "org_pk": org,
            "assignment_pk": assignment,
            "actor_pk": person,
            "item_id": uuid4(),
            "fingerprint": "f",
            "kind": "release",
            "state": "pending",
            "size": 1,
            "sha256": "a" * 64,
            "unpacked_size": 1,
            "notebooks": [],
            "force": False,
            "by_instructor": True,
            "stamp": now,
            "url_expires_at": now,
            "expires_at": now,
            **values,
        }
        upload = session.scalar(insert(Upload).values(**row).returning(Upload.pk))
    return org, person, assignment, upload
