"""A term's worth of rows, put into the database as the service would have left them."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from benchmarks.scene import COURSE, TEACHER, assignment, student
from benchmarks.sizes import Sizes
from nbexchange.api.database import Database, clock
from nbexchange.api.models import (
    COMPLETED,
    Assignment,
    Course,
    Feedback,
    Organisation,
    Person,
    Release,
    Submission,
    Upload,
)

NOTEBOOKS = ["p1.ipynb", "part/p2.ipynb"]


def fill(database: Database, sizes: Sizes) -> None:
    """Every assignment released; of every student one attempt for each, with feedback on it."""
    with database.write() as session:
        _Term(session, sizes).write()
    with database.engine.connect() as connection:  # as the server's own housekeeping does in the long run
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))


class _Term:
    def __init__(self, session: Session, sizes: Sizes) -> None:
        self.session = session
        self.started = clock(session) - timedelta(days=7)
        self.org_pk = self._add(Organisation, [{"org_id": "1"}])[0]
        names = [TEACHER, *map(student, range(sizes.students))]
        self.teacher, *self.students = self._add(Person, [{"org_pk": self.org_pk, "name": n} for n in names])
        (course,) = self._add(Course, [{"org_pk": self.org_pk, "course_id": COURSE}])
        place = {"org_pk": self.org_pk, "course_pk": course}
        names = map(assignment, range(sizes.assignments))
        self.assignments = self._add(Assignment, [{**place, "assignment_id": name} for name in names])

    def _add(self, model: Any, rows: list[dict[str, Any]]) -> list[int]:
        returning = insert(model).returning(model.pk, sort_by_parameter_order=True)
        return list(self.session.scalars(returning, rows))

    def write(self) -> None:
        for place in self.assignments:
            (release,) = self._add(Upload, [self._upload(place, "release", self.teacher, self.started)])
            self._add(Release, [{"pk": release, "assignment_pk": place, "version": 1, "is_current": True}])
            self._write_attempts(place)

    def _write_attempts(self, place: int) -> None:
        stamps = [self.started + timedelta(seconds=n) for n, _ in enumerate(self.students, 1)]
        whose = list(zip(self.students, stamps, strict=True))
        pks = self._add(
            Upload, [self._upload(place, "submission", pk, at, student_pk=pk) for pk, at in whose]
        )
        of = [{"assignment_pk": place, "student_pk": pk} for pk in self.students]
        self._add(Submission, [{**row, "pk": pk, "attempt": 1} for row, pk in zip(of, pks, strict=True)])
        about = [
            {"student_pk": pk, "notebook_id": "p1", "submitted_at": at, "submission_pk": submission}
            for (pk, at), submission in zip(whose, pks, strict=True)
        ]
        given = [self._upload(place, "feedback", self.teacher, self.started, **values) for values in about]
        shown = [{k: v for k, v in row.items() if k != "submission_pk"} for row in about]
        self._add(
            Feedback,
            [
                {**row, "pk": pk, "assignment_pk": place, "is_current": True}
                for row, pk in zip(shown, self._add(Upload, given), strict=True)
            ],
        )

    def _upload(self, place: int, kind: str, actor: int, at: datetime, **values: Any) -> dict[str, Any]:
        archive = kind != "feedback"
        return {
            "uuid": uuid4(),
            "org_pk": self.org_pk,
            "assignment_pk": place,
            "actor_pk": actor,
            "item_id": uuid4(),
            "fingerprint": "0" * 64,
            "kind": kind,
            "state": COMPLETED,
            "size": 1000,
            "sha256": sha256(b"").hexdigest(),
            "unpacked_size": 1000 if archive else None,
            "notebooks": NOTEBOOKS if archive else [],
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
