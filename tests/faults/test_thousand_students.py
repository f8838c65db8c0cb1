"""A course of 1 000 students and 10 assignments: every list says all of it, in as few statements as of a small one."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select
from support.database.postgresql import new_database
from support.database.rows import Term
from support.database.statements import statements
from support.faults.load import every_submission
from support.people.callers import TEACHER
from support.servers.in_process import callers_in_process

from nbexchange.api.assignments import submissions
from nbexchange.api.db.engine import connect
from nbexchange.api.db.models import Action, Submission, Upload

STUDENTS = [f"s{number:04}" for number in range(1000)]
ASSIGNMENTS = [f"ps{number}" for number in range(10)]
START = datetime(2026, 1, 1, tzinfo=UTC)
MIDDLE = START + timedelta(days=1)
"""After all first attempts, and before the second ones on `ps0`."""

ATTEMPTS = [
    *[(assignment, student, 1) for assignment in ASSIGNMENTS for student in STUDENTS],
    *[("ps0", student, 2) for student in STUDENTS],
]


KINDS = [
    pytest.param(kind, marks=pytest.mark.xdist_group(f"large {kind}")) for kind in ("postgresql", "sqlite")
]


@pytest.fixture(scope="module", params=KINDS)
def large_database(request, tmp_path_factory):
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("large") / "large.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield from filled(f"sqlite:///{path}")
        return
    server, template = (request.getfixturevalue(f"postgresql_{what}") for what in ("server", "template"))
    with new_database(server, f"large_{uuid4().hex}", template) as url:
        yield from filled(url)


def filled(url):
    database = connect(url)
    with database.write() as session:
        fill(session)
    yield database
    database.engine.dispose()


def fill(session):
    term = Term(session, STUDENTS, ASSIGNMENTS, START)
    for assignment in ASSIGNMENTS:
        term.hand_in(assignment, START)
    term.hand_in("ps0", MIDDLE, attempt=2)


@pytest.fixture(scope="module")
def course(large_database, tmp_path_factory):
    caller = callers_in_process(large_database, tmp_path_factory.mktemp("course"))
    return SimpleNamespace(
        database=large_database, teacher=caller(TEACHER, "Instructor"), student=caller("s0500", "Student")
    )


def key_of(record):
    return (record["assignment_id"], record["student_id"], record["attempt"])


def test_a_teacher_sees_every_attempt_once_in_pages_that_cost_the_same(course):
    records, costs, query = [], set(), {}
    while query is not None:
        with statements(course.database) as seen:
            page = course.teacher.get("submissions", course_id="cs1", **query).json
        costs.add(len(seen))
        assert len(page["submissions"]) <= submissions.PAGE
        records += page["submissions"]
        query = {"cursor": page["cursor"]} if "cursor" in page else None
    assert Counter(map(key_of, records)) == Counter(ATTEMPTS)
    assert all(len(record["feedback"]) == 1 for record in records)
    assert len(costs) == 1
    assert costs.pop() == 2


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"assignment_id": "ps3"}, [("ps3", student, 1) for student in STUDENTS]),
        ({"student_id": "s0007"}, [key for key in ATTEMPTS if key[1] == "s0007"]),
        ({"assignment_id": "ps0", "latest": "true"}, [("ps0", student, 2) for student in STUDENTS]),
        (
            {"assignment_id": "ps0", "latest": "true", "before": MIDDLE.isoformat()},
            [("ps0", student, 1) for student in STUDENTS],
        ),
        ({"latest": "true"}, [key for key in ATTEMPTS if key[0] != "ps0" or key[2] == 2]),
    ],
    ids=["assignment", "student", "latest", "before", "latest of all"],
)
def test_a_narrowed_list_is_whole(course, query, expected):
    assert Counter(map(key_of, every_submission(course.teacher, **query))) == Counter(expected)


def test_a_student_sees_their_own_and_nothing_else(course):
    with statements(course.database) as seen:
        entries = course.student.assignments()
    assert len(seen) == 3
    assert [entry["assignment_id"] for entry in entries] == ASSIGNMENTS
    own = [record for entry in entries for record in entry["submissions"]]
    assert Counter(map(key_of, own)) == Counter(key for key in ATTEMPTS if key[1] == "s0500")
    assert all(len(record["feedback"]) == 1 for record in own)


def test_a_teacher_sees_what_is_released_and_no_attempts(course):
    with statements(course.database) as seen:
        entries = course.teacher.assignments()
    assert len(seen) == 3
    assert [entry["assignment_id"] for entry in entries if entry["release"]] == ASSIGNMENTS
    assert not any(entry.get("submissions") for entry in entries)


@pytest.fixture
def submit(course):
    """Submit for a student, until the test is over: the others want their course as it was."""
    ids = []

    def submit(student):
        ids.append(UUID(course.teacher.submit(student.encode(), assignment="ps9", student_id=student)["id"]))

    yield submit
    with course.database.write() as session:
        pks = session.scalars(select(Upload.pk).where(Upload.uuid.in_(ids))).all()
        session.execute(delete(Action).where(Action.upload_pk.in_(pks)))
        session.execute(delete(Submission).where(Submission.pk.in_(pks)))
        session.execute(delete(Upload).where(Upload.pk.in_(pks)))


def test_a_list_that_grows_while_it_is_read_repeats_and_loses_nothing(course, submit):
    """New attempts come in between the pages, before and behind the place that was read to."""
    keys = []
    for record in every_submission(course.teacher, assignment_id="ps9"):
        if len(keys) % submissions.PAGE == 0:
            submit(STUDENTS[0])
            submit(STUDENTS[-1])
        keys.append(key_of(record))
    assert max(Counter(keys).values()) == 1
    assert {key for key in ATTEMPTS if key[0] == "ps9"} < set(keys)
