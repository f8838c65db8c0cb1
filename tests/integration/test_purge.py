"""An assignment that is removed for good: its rows at once, its objects and the rest by garbage collection."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from sqlalchemy import event, select
from support.database.ledger import count, let_time_pass, logged
from support.faults.at_once import at_once
from support.people.callers import SERVICE, archive_item, outcome

from nbexchange.api.access.identity import CourseRole, Identity
from nbexchange.api.assignments import unrelease
from nbexchange.api.audit.record import record_objects
from nbexchange.api.db.engine import clock, connect
from nbexchange.api.db.models import Action, Feedback, Release, Submission, Upload
from nbexchange.api.db.upload_rows import read_uploads
from nbexchange.api.http.application import create_app
from nbexchange.api.runtime import Context
from nbexchange.api.uploads.garbage_collection import collect_garbage

pytestmark = pytest.mark.databases("sqlite", "postgresql")


@pytest.fixture
def teacher(services):
    return Context(Identity("teacher", "1", {"cs1": CourseRole("instructor")}), services)


@pytest.fixture
def impatient(db_url, services, released):
    """Callers of a service that gives up waiting for a lock at once."""
    options = {"timeout": 0.2} if "sqlite" in db_url else {"options": "-c timezone=UTC -c lock_timeout=200"}
    database = connect(db_url, connect_args=options)
    client = create_app(replace(services, database=database), SERVICE).test_client()
    callers = (released.teacher, released.colleague, released.ada)
    yield SimpleNamespace(**{caller.name: replace(caller, client=client) for caller in callers})
    database.engine.dispose()


def test_removing_waits_its_turn_behind_a_purge_that_is_under_way(released, teacher, impatient):
    """Both would otherwise lock the same submissions, each in an order of its own."""
    record = released.ada.submit()
    with teacher.write() as transaction:
        _, assignment = unrelease.lock_assignment(transaction, "cs1", "ps1")
        unrelease.count(transaction.session, assignment)
        assert impatient.colleague.remove(record).json["type"] == "database-unavailable"
    assert impatient.colleague.remove(record).status_code == 200


def purge(caller, **query):
    return caller.delete("assignments", course_id="cs1", assignment_id="ps1", purge="true", **query)


@pytest.fixture
def full(released):
    """A released assignment with work, feedback on it, and an unfinished upload."""
    record = released.ada.submit(b"work")
    released.teacher.give_feedback(record, b"<p>")
    unfinished = archive_item(b"unfinished")
    (granted,) = released.ben.begin("submission", unfinished)
    released.ben.put(granted, b"unfinished")
    released.unfinished = unfinished
    return released


CONTENTS = {"releases": 1, "submissions": 1, "feedback": 1, "objects": 4, "bytes": 7 + 4 + 3 + 10}


def test_a_dry_run_counts_and_removes_nothing(full, database, services):
    assert purge(full.teacher, dry_run="true").json == {
        "course_id": "cs1",
        "assignment_id": "ps1",
        "dry_run": True,
        "purged": CONTENTS,
    }
    assert [count(database, model) for model in (Release, Submission, Feedback)] == [1, 1, 1]
    assert collect_garbage(services).deleted == 0
    assert logged(database, "purged") == []


def test_a_dry_run_of_an_unrelease_is_refused(full):
    answer = full.teacher.delete("assignments", course_id="cs1", assignment_id="ps1", dry_run="true")
    assert answer.status_code == 400
    assert full.ada.assignments()[0]["release"]


def test_a_purge_that_is_asked_for_in_two_ways_is_refused(full):
    assert purge(full.teacher, dry_run=["false", "true"]).status_code == 400
    assert full.ada.assignments()[0]["release"]


def test_a_purge_forgets_the_rows_at_once_and_the_log_stays(full, database):
    before = count(database, Action)
    assert purge(full.teacher).json["purged"] == CONTENTS
    assert [count(database, model) for model in (Release, Submission, Feedback)] == [0, 0, 0]
    assert full.ada.assignments() == full.teacher.submissions() == []
    assert count(database, Action) == before + 1
    (entry,) = logged(database, "purged")
    assert (entry.kind, entry.actor, entry.on_behalf, entry.object_id) == (
        "assignment",
        "teacher",
        None,
        None,
    )


def test_a_second_purge_finds_nothing(full, database):
    purge(full.teacher)
    assert set(purge(full.teacher).json["purged"].values()) == {0}
    assert len(logged(database, "purged")) == 1


def test_what_was_purged_can_neither_be_fetched_nor_completed(full):
    (record,) = full.teacher.submissions()
    purge(full.teacher)
    assert full.teacher.request("submission", record["id"])["problem"]["type"] == "not-found"
    (answer,) = full.ben.complete(full.unfinished).json["items"]
    assert answer["problem"]["type"] == "upload-purged"
    assert full.ben.get("uploads").json["items"] == []


def test_garbage_collection_deletes_the_objects_and_then_the_rows(full, services, store, database):
    with database.read() as session:
        keys = [upload.object_key for upload in session.scalars(select(Upload))]
    purge(full.teacher)
    assert collect_garbage(services).deleted == 4
    assert [store.stat(key) for key in keys] == [None] * 4
    assert count(database, Upload) == 4
    let_time_pass(database, days=3)
    assert collect_garbage(services).forgotten == 3  # all but the submission that the feedback is about
    assert collect_garbage(services).forgotten == 1
    assert count(database, Upload) == 0


def test_what_is_forgotten_while_it_is_completed_is_not_found(full, services, database, monkeypatch):
    def ask(_runtime, uploads):
        purge(full.teacher)
        collect_garbage(services)
        let_time_pass(database, days=3)
        collect_garbage(services)
        return {upload.pk: None for upload in uploads}

    monkeypatch.setattr("nbexchange.api.uploads.complete.ask_store", ask)
    (answer,) = full.ben.complete(full.unfinished).json["items"]
    assert answer["problem"]["type"] == "not-found"


@pytest.mark.databases("sqlite")
def test_forgetting_does_not_compare_every_upload_with_every_other(full, services, database):
    """It holds SQLite's only write lock: with some thousand uploads that would keep everybody waiting."""
    deletes = []

    @event.listens_for(database.engine, "before_cursor_execute")
    def note(_connection, _cursor, statement, parameters, *_):
        deletes.extend([(statement, parameters)] if statement.startswith("DELETE FROM upload") else [])

    collect_garbage(services)
    with database.engine.connect() as connection:
        (plan,) = [
            [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            for statement, parameters in deletes
        ]
    assert [step for step in plan if step.startswith("SCAN upload_1")] == []
    assert any("upload_1" in step for step in plan)


def test_the_log_keeps_names_and_digests_of_what_is_gone(full, services, database):
    purge(full.teacher)
    collect_garbage(services)
    let_time_pass(database, days=3)
    collect_garbage(services)
    collect_garbage(services)
    (entry,) = full.teacher.get("history", action="submitted").json["actions"]
    assert (entry["actor"], entry["assignment_id"], entry["size"]) == ("ada", "ps1", 4)
    assert len(entry["sha256"]) == 64


def test_a_purged_assignment_can_be_released_anew(full):
    purge(full.teacher)
    assert full.teacher.release(b"new")["version"] == 1
    assert full.ada.submit(b"new work")["attempt"] == 1


def test_nothing_is_begun_while_an_assignment_is_purged(released, teacher, impatient):
    """Who was admitted just before would otherwise be left over, or lose half of what is completed meanwhile."""
    with teacher.write() as transaction:
        actor, assignment = unrelease.lock_assignment(transaction, "cs1", "ps1")
        unrelease.purge(transaction, assignment, actor)
        answer = impatient.ada.initiate("submission", archive_item(b"work"))
        assert answer.json.get("type") == "database-unavailable"
    assert impatient.ada.initiate("submission", archive_item(b"work")).json["type"] == "not-found"


@pytest.mark.databases("postgresql")
@pytest.mark.parametrize("act", ["purge", "complete again"])
def test_nobody_waits_for_a_download_that_is_being_logged(act, released, database, impatient):
    """The log refers to uploads in the order of its request, the others lock them in that of their keys."""
    with database.begin() as connection:
        (upload,) = read_uploads(connection, connection.execute(select(Upload.pk)).scalars().all())
        actor = SimpleNamespace(pk=upload.actor_pk, org_pk=upload.org_pk, name=upload.actor)
        record_objects(connection, [("fetched", upload)], actor, clock(connection))
        teacher = impatient.teacher
        answer = purge(teacher) if act == "purge" else teacher.complete({"id": str(upload.item_id)})
        assert answer.status_code == 200


def test_a_purge_while_students_submit_leaves_no_half_record(released, database):
    """A student who completes at that moment is purged as well, or is told that the upload was."""
    items = [archive_item(b"work") for _ in range(3)]
    for entry, granted in zip(items, released.ada.begin("submission", *items), strict=True):
        assert released.ada.put(granted, b"work") == 200, entry

    completes = [lambda entry=entry: released.ada.complete(entry) for entry in items]
    answers = at_once(*completes, lambda: purge(released.teacher))
    assert [answer.status_code for answer in answers] == [200] * 4
    for answer in answers[:3]:
        assert outcome(answer) in {"completed", "upload-purged"}
    with database.read() as session:
        assert set(session.scalars(select(Upload.state))) == {"purged"}
    assert [count(database, model) for model in (Release, Submission)] == [0, 0]
