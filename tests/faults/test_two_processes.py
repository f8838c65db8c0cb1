"""What goes wrong in daily life, on two processes of the service with one PostgreSQL and one S3 server.

Each caller's requests go to the two processes in turn: what one began, the other completes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from sqlalchemy import func, select
from support.database.ledger import let_time_pass, state_of
from support.faults.at_once import at_once
from support.people.callers import archive_item, outcome, upload_item

from nbexchange.api.db.models import Action, Organisation, Person, Release, Upload
from nbexchange.demo.course import FACTORY_LINES

pytestmark = pytest.mark.usefixtures("nothing_is_half_recorded")


@pytest.fixture
def orphan(released):
    """A submission whose bytes have arrived and whose client has not said so."""
    item = archive_item(b"work")
    (granted,) = released.ada.begin("submission", item)
    assert released.ada.put(granted, b"work") == 200
    return item


# --- at once -----------------------------------------------------------------------------------------------


def test_submits_of_one_student_at_once_become_attempts_without_gap(pair, released):
    students = [pair.caller(f"s{n}", {"cs1": "Student"}, released.org_id) for n in range(5)]
    items = [
        (student, archive_item(b"%d" % number), b"%d" % number) for student in students for number in range(3)
    ]
    granted = at_once(*[lambda s=s, i=i: s.begin("submission", i)[0] for s, i, _ in items])
    for (student, _, body), grant in zip(items, granted, strict=True):
        student.put(grant, body)
    assert at_once(*[lambda s=s, i=i: outcome(s.complete(i)) for s, i, _ in items]) == ["completed"] * 15
    submissions = released.teacher.submissions()
    for student in students:
        records = [record for record in submissions if record["student_id"] == student.name]
        assert sorted(record["attempt"] for record in records) == [1, 2, 3]
        assert len({record["submitted_at"] for record in records}) == 3


def test_a_class_that_submits_at_once_is_there_as_one(pair, released):
    students = [pair.caller(f"s{n}", {"cs1": "Student"}, released.org_id) for n in range(24)]
    records = at_once(*[lambda s=student: s.submit(s.name.encode()) for student in students])
    assert [record["attempt"] for record in records] == [1] * 24
    ids = {record["student_id"]: record["id"] for record in released.teacher.submissions()}
    assert ids == {record["student_id"]: record["id"] for record in records}


def test_of_two_releases_at_once_one_is_released_and_the_other_refused(people, database):
    items = [archive_item(b"one"), archive_item(b"two")]
    for caller, item, body in zip((people.teacher, people.colleague), items, (b"one", b"two"), strict=True):
        (granted,) = caller.begin("release", item)
        caller.put(granted, body)
    answers = at_once(
        lambda: outcome(people.teacher.complete(items[0])),
        lambda: outcome(people.colleague.complete(items[1])),
    )
    assert answers.count("completed") == 1
    assert {"already-released", "superseded"} & set(answers)
    with database.read() as session:
        mine = select(func.count()).select_from(Release).join(Upload, Release.pk == Upload.pk)
        mine = mine.join(Person, Upload.actor_pk == Person.pk)
        assert session.scalar(mine.where(Release.is_current, Person.pk.in_(_people(people)))) == 1


def _people(people):
    return select(Person.pk).join(Organisation).where(Organisation.org_id == people.org_id)


def test_releases_by_force_at_once_end_with_the_one_that_was_begun_last(released):
    items = [archive_item(str(number).encode(), force=True) for number in range(6)]
    for number, item in enumerate(items):
        (granted,) = released.teacher.begin("release", item)
        released.teacher.put(granted, str(number).encode())
    answers = at_once(*[lambda w=item: outcome(released.teacher.complete(w)) for item in items])
    assert set(answers) <= {"completed", "superseded"}
    assert answers[-1] == "completed"
    current = released.ada.assignments()[0]["release"]
    assert released.ada.download("release", current["id"]) == b"5"


def test_people_courses_and_assignments_that_are_new_at_once_become_one_row_each(people, database):
    def release(n):
        return people.teacher.initiate("release", archive_item(str(n).encode(), force=True))

    answers = at_once(*[lambda n=number: release(n).status_code for number in range(8)])
    assert answers == [200] * 8
    with database.read() as session:
        rows = session.scalars(select(Person.name).where(Person.pk.in_(_people(people)))).all()
    assert rows == ["teacher"]


def test_feedback_on_many_submissions_at_once_locks_nobody_out(pair, released):
    """Batches that name the same people in another order each: without one order of locks they block each other."""
    students = [f"s{number}" for number in range(8)]
    records = {name: released.teacher.submit(name.encode(), student_id=name) for name in students}

    def give(turn):
        order = students[turn:] + students[:turn]
        teacher = (released.teacher, released.colleague)[turn % 2]
        items = [
            upload_item(b"<p>", student_id=name, submission_id=records[name]["id"], notebook_id="p1")
            for name in order
        ]
        for granted in teacher.begin("feedback", *items):
            teacher.put(granted, b"<p>")
        return {
            answer["problem"]["type"] if answer["type"] == "error" else answer["type"]
            for answer in teacher.complete(*items).json["items"]
        }

    answers = at_once(*[lambda t=turn: give(t) for turn in range(8)])
    assert set().union(*answers) <= {"completed", "superseded"}
    assert all(len(record["feedback"]) == 1 for record in released.teacher.submissions())


# --- repeated ----------------------------------------------------------------------------------------------


def test_a_lost_reply_to_complete_is_given_by_the_other_process(released, orphan):
    first, second = (released.ada.complete(orphan).json for _ in range(2))
    assert first == second
    assert len(released.teacher.submissions()) == 1


def test_completes_at_once_make_one_submission_and_all_get_the_same_answer(released, orphan, database):
    answers = at_once(*[lambda: released.ada.complete(orphan).json] * 12)
    assert all(answer == answers[0] for answer in answers)
    assert len(released.teacher.submissions()) == 1
    with database.read() as session:
        logged = select(func.count()).where(
            Action.verb == "submitted", Action.object_id == answers[0]["items"][0]["record"]["id"]
        )
        assert session.scalar(logged) == 1


def test_initiates_at_once_with_one_id_make_one_upload(released):
    item = archive_item(b"work")
    answers = at_once(*[lambda: released.ada.begin("submission", item)[0]] * 8)
    assert len({answer["submitted_at"] for answer in answers}) == 1
    assert len({answer["url"].partition("?")[0] for answer in answers}) == 1
    assert len(released.ada.get("uploads").json["items"]) == 1


def test_complete_and_abort_at_once_leave_one_of_the_two(released, orphan, database):
    def abort():
        return released.ada.delete(f"uploads/{orphan['id']}").status_code

    completed, aborted = at_once(lambda: outcome(released.ada.complete(orphan)), abort)
    assert (completed, aborted) in {("completed", 409), ("upload-aborted", 200)}
    assert state_of(database, orphan["id"]) == ("completed" if aborted == 409 else "aborted")


# --- given up ----------------------------------------------------------------------------------------------


def test_an_expired_upload_is_refused_by_both_processes(released, database):
    item = archive_item(b"work")
    (granted,) = released.ada.begin("submission", item)
    released.ada.put(granted, b"work")
    let_time_pass(database, hours=25)
    for _ in range(2):
        assert outcome(released.ada.complete(item)) == "upload-expired"
        assert outcome(released.ada.initiate("submission", item)) == "upload-expired"
    assert released.teacher.submissions() == []


CLIENT_THAT_DIES = """
import os, signal, sys
from nbexchange.plugin.service.client import Client
Client.complete = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
sys.argv = ["nbgrader", "submit", "ps1", "--course=cs1"]
from nbgrader.apps import NbGraderApp
NbGraderApp.launch_instance()
"""


def test_a_client_that_is_killed_after_its_transfer_has_submitted(pair, released, desks, database):
    desks.ada.write("ps1/p1.ipynb", "work")
    desks.ada.write("nbgrader_config.py", f"c = get_config()\n{FACTORY_LINES}")
    environment = {**os.environ, "JUPYTERHUB_API_TOKEN": desks.ada.token, "NBEXCHANGE_URL": desks.ada.url}
    died = subprocess.run(
        [sys.executable, "-c", CLIENT_THAT_DIES],
        cwd=desks.ada.home,
        env=environment,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL, died.stderr
    (pending,) = released.ada.get("uploads").json["items"]
    let_time_pass(database, minutes=16)
    printed = pair.collect_garbage(times=2)
    assert sum(int(line.split()[0]) for line in printed) >= 1
    (record,) = released.teacher.submissions()
    assert (record["attempt"], record["sha256"]) == (1, pending["sha256"])


def test_garbage_collections_at_once_complete_every_orphan_once(pair, released, database):
    items = [archive_item(str(number).encode()) for number in range(3)]
    for number, granted in enumerate(released.ada.begin("submission", *items)):
        released.ada.put(granted, str(number).encode())
    let_time_pass(database, minutes=16)
    pair.collect_garbage(times=3)
    assert sorted(record["attempt"] for record in released.teacher.submissions()) == [1, 2, 3]
