"""A database with so many uploads that reading all of them is felt: made by the database itself, within seconds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.schema import CreateIndex, DropIndex

from nbexchange.api.db.engine import Database
from nbexchange.api.db.models import Base
from support.people.callers import COURSE, TEACHER

ASSIGNMENTS = 3
"""In each course. Each student has two attempts at each, with feedback on the second, and has fetched its release."""

PER_SERIES = 3
"""Uploads of a student at an assignment: the attempts, and the feedback."""

OTHERS = 20
"""Courses beside the one that is asked for, with as many uploads in all; their students are in it as well."""

WITHDRAWN = "withdrawn"
"""One more assignment of the course, which all students fetched before it was unreleased."""

DIALECTS: Mapping[str, Mapping[str, str]] = {
    "postgresql": {
        "numbers": "(SELECT generate_series(1, {}) AS n)",
        "uuid": "lpad(to_hex({}), 32, '0')::uuid",
        "at": "timestamptz '2026-01-05 08:00:00Z' + ({}) * interval '1 second'",
        "padded": "lpad(({})::text, 6, '0')",
    },
    "sqlite": {
        "numbers": "(WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < {}) SELECT n FROM r)",
        "uuid": "printf('%032x', {})",
        "at": "strftime('%Y-%m-%d %H:%M:%S.000000', '2026-01-05 08:00:00', ({}) || ' seconds')",
        "padded": "printf('%06d', {})",
    },
}
"""What the two databases call by different names."""

HASTY: Mapping[str, Sequence[str]] = {
    "postgresql": ["SET session_replication_role = replica", "SET maintenance_work_mem = '256MB'"],
    "sqlite": ["PRAGMA foreign_keys=OFF", "PRAGMA cache_size=-500000", "PRAGMA synchronous=OFF"],
}
"""What refers to what is right by construction: to look each row up again takes minutes."""

LEARNT: Mapping[str, Sequence[str]] = {
    "postgresql": [
        *(
            f"SELECT setval(pg_get_serial_sequence('{name}', 'pk'), (SELECT max(pk) FROM {name}))"
            for name in ("organisation", "person", "course", "assignment", "membership", "upload", "action")
        ),
        "VACUUM ANALYZE",
    ],
    "sqlite": ["ANALYZE"],
}
"""What comes after, so that the database can number more rows, and plan."""

SERIES = """
CREATE TEMPORARY TABLE series AS
SELECT row_number() OVER (ORDER BY p.n, c.pk, a.pk) AS n, p.n + 1 AS student_pk, a.pk AS assignment_pk, c.course_id
FROM course c JOIN assignment a ON a.course_pk = c.pk AND a.assignment_id <> 'withdrawn'
JOIN {people} p ON p.n <= CASE WHEN c.pk = 1 THEN {students} ELSE {students_elsewhere} END
"""

UPLOADS = """
INSERT INTO upload (pk, uuid, object_key, call_id, org_pk, assignment_pk, actor_pk, item_id, fingerprint, kind, state,
  size, sha256, unpacked_size, notebooks, force, by_instructor, student_pk, notebook_id, submitted_at, submission_pk,
  stamp, url_expires_at, expires_at, completed_at, sweeps)
SELECT pk, {uuid}, 'v1/' || {uuid}, {uuid}, 1, assignment_pk, actor_pk, {uuid}, '{digest}', kind, state, 1000,
  '{digest}', CASE WHEN kind = 'feedback' THEN NULL ELSE 1000 END, '["p1.ipynb"]', false, actor_pk = 1, student_pk,
  CASE WHEN kind = 'feedback' THEN 'p1' END, CASE WHEN kind = 'feedback' THEN {at_attempt} END,
  CASE WHEN kind = 'feedback' THEN attempt_pk END, {at}, {at},
  CASE WHEN state = 'pending' THEN {at_last} ELSE {at} END, CASE WHEN state = 'completed' THEN {at} END, 0
FROM ({rows}) AS u ORDER BY pk
"""

LOG = """
INSERT INTO action (verb, kind, at, org_pk, actor_pk, actor, on_behalf, course_id, assignment_id, upload_pk, object_id,
  size, sha256)
SELECT verb, u.kind, {at}, 1, l.actor_pk, actor.name, CASE WHEN l.actor_pk <> u.student_pk THEN student.name END,
  c.course_id, a.assignment_id, u.pk, u.uuid, u.size, u.sha256
FROM ({rows}) AS l JOIN upload u ON u.pk = l.upload_pk JOIN assignment a ON a.pk = u.assignment_pk
JOIN course c ON c.pk = a.course_pk JOIN person actor ON actor.pk = l.actor_pk
LEFT JOIN person student ON student.pk = u.student_pk ORDER BY second, l.verb
"""


def student(number: int) -> str:
    """From 1; the first is in every course."""
    return f"student-{number:06}"


@dataclass(frozen=True)
class Crowd:
    """About `uploads` of one organisation. What a single student has is as much in every crowd."""

    uploads: int

    @property
    def students(self) -> int:
        """In the course that is asked for."""
        return max(OTHERS, self.uploads // (2 * ASSIGNMENTS * PER_SERIES))

    def fill(self, database: Database) -> None:
        """Fill an empty database, and let it learn what it has."""
        kind = database.engine.dialect.name
        indexes = [index for table in Base.metadata.sorted_tables for index in table.indexes]
        pooled = database.engine.raw_connection()
        connection = pooled.driver_connection
        pooled.detach()  # its settings go with it
        if kind == "postgresql":
            connection.autocommit = True
        run = connection.cursor().execute
        for statement in [
            *HASTY[kind],
            *(str(DropIndex(index).compile(database.engine)) for index in indexes),
            "BEGIN",
            *self._statements(DIALECTS[kind]),
            "COMMIT",
            *(str(CreateIndex(index).compile(database.engine)) for index in indexes),
            *LEARNT[kind],
        ]:
            run(statement)
        connection.close()

    def _statements(self, word: Mapping[str, str]) -> Iterator[str]:
        students = self.students
        numbers = word["numbers"].format
        yield "INSERT INTO organisation (pk, org_id) VALUES (1, '1'), (2, '2')"
        yield f"INSERT INTO person (pk, org_pk, name) VALUES (1, 1, '{TEACHER}')"
        name = f"'student-' || {word['padded'].format('n')}"
        yield f"INSERT INTO person (pk, org_pk, name) SELECT n + 1, 1, {name} FROM {numbers(students)} AS p"
        yield (
            f"INSERT INTO course (pk, org_pk, course_id) SELECT n, 1, CASE WHEN n = 1 THEN '{COURSE}' "
            f"ELSE 'course-' || n END FROM {numbers(1 + OTHERS)} AS c"
        )
        yield (
            "INSERT INTO assignment (org_pk, course_pk, assignment_id) SELECT 1, c.pk, 'ps' || n "
            f"FROM course c CROSS JOIN {numbers(ASSIGNMENTS)} AS a ORDER BY a.n, c.pk"
        )
        yield f"INSERT INTO assignment (org_pk, course_pk, assignment_id) VALUES (1, 1, '{WITHDRAWN}')"
        yield SERIES.format(
            people=numbers(students), students=students, students_elsewhere=max(1, students // OTHERS)
        )
        yield (
            "INSERT INTO membership (org_pk, course_pk, person_pk, role) SELECT DISTINCT 1, a.course_pk, student_pk, "
            "'student' FROM series JOIN assignment a ON a.pk = assignment_pk ORDER BY a.course_pk, student_pk"
        )
        yield from self._uploads(word)
        yield from self._log(word)
        yield "DROP TABLE series"

    def _uploads(self, word: Mapping[str, str]) -> Iterator[str]:
        """First the releases, then each series' first attempts, second attempts, and feedback; and a few pending."""
        releases, series = (f"(SELECT count(*) FROM {table})" for table in ("assignment", "series"))
        of = "assignment_pk, 1 AS actor_pk, 'feedback' AS kind, 'completed' AS state, student_pk"
        own = "assignment_pk, student_pk AS actor_pk, 'submission' AS kind, 'completed' AS state, student_pk"
        nobody = "CAST(NULL AS BIGINT)"
        rows = " UNION ALL ".join(
            [
                f"SELECT pk, pk AS assignment_pk, 1 AS actor_pk, 'release' AS kind, 'completed' AS state, "
                f"{nobody} AS student_pk, {nobody} AS attempt_pk FROM assignment",
                f"SELECT {releases} + n AS pk, {own}, {nobody} FROM series",
                f"SELECT {releases} + {series} + n AS pk, {own}, {nobody} FROM series",
                f"SELECT {releases} + 2 * {series} + n AS pk, {of}, {releases} + {series} + n FROM series",
                f"SELECT {releases} + 3 * {series} + n AS pk, {own.replace('completed', 'pending')}, {nobody} "
                "FROM series WHERE n <= 3 OR n / 1000 * 1000 = n",
            ]
        )
        at = word["at"].format
        yield UPLOADS.format(
            uuid=word["uuid"].format("pk"),
            at=at("pk"),
            at_attempt=at("attempt_pk"),
            at_last=at(10**9),
            digest=64 * "a",
            rows=rows,
        )
        of_kind = "FROM upload WHERE state = 'completed' AND kind ="
        withdrawn = f"(SELECT pk FROM assignment WHERE assignment_id = '{WITHDRAWN}')"
        yield (
            "INSERT INTO release (pk, assignment_pk, version, is_current) "
            f"SELECT pk, assignment_pk, 1, assignment_pk <> {withdrawn} {of_kind} 'release'"
        )
        attempt = f"CASE WHEN pk <= {releases} + {series} THEN 1 ELSE 2 END"
        yield (
            "INSERT INTO submission (pk, assignment_pk, student_pk, attempt, hidden_from_course, hidden_from_owner) "
            f"SELECT pk, assignment_pk, student_pk, {attempt}, false, false {of_kind} 'submission' ORDER BY pk"
        )
        yield (
            "INSERT INTO feedback (pk, assignment_pk, student_pk, submitted_at, notebook_id, is_current) "
            f"SELECT pk, assignment_pk, student_pk, submitted_at, notebook_id, true {of_kind} 'feedback' ORDER BY pk"
        )

    def _log(self, word: Mapping[str, str]) -> Iterator[str]:
        """Who released, fetched, submitted, collected and gave feedback, in the order of time."""
        withdrawn = f"(SELECT pk FROM assignment WHERE assignment_id = '{WITHDRAWN}')"
        uploaded = (
            "CASE kind WHEN 'release' THEN 'released' WHEN 'submission' THEN 'submitted' "
            "ELSE 'feedback_released' END"
        )
        releases = "(SELECT count(*) FROM assignment)"
        rows = " UNION ALL ".join(
            [
                f"SELECT {uploaded} AS verb, pk AS upload_pk, actor_pk, pk AS second FROM upload "
                "WHERE state = 'completed'",
                f"SELECT 'fetched', assignment_pk, student_pk, {releases} + n FROM series",
                f"SELECT 'fetched', {withdrawn}, person_pk, {releases} + person_pk FROM membership WHERE course_pk = 1",
                f"SELECT 'unreleased', {withdrawn}, 1, {releases} + {self.students} + 2",
                "SELECT 'collected', submission_pk, 1, pk FROM upload WHERE kind = 'feedback'",
            ]
        )
        yield LOG.format(at=word["at"].format("second"), rows=rows)
