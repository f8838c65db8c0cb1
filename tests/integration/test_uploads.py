"""Uploads: announced, sent, completed; repeated, and in what order."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from support.database.ledger import count, let_time_pass
from support.people.callers import archive_item, problem_of, upload_item

from nbexchange.api.db.models import Action, Course, Submission, Upload

pytestmark = pytest.mark.databases("sqlite", "postgresql")


# --- the way it should go ----------------------------------------------------------------------------------


def test_a_submission_becomes_an_attempt_with_the_servers_stamp(released, database):
    before = datetime.now(UTC)
    record = released.ada.submit(b"my work")
    stamp = datetime.fromisoformat(record["submitted_at"])
    assert before <= stamp <= datetime.now(UTC)
    assert (record["student_id"], record["attempt"], record["submitted_by"]) == ("ada", 1, "ada")
    assert released.ada.download("submission", record["id"]) == b"my work"


def test_attempts_are_numbered_for_each_student(released):
    attempts = [released.ada.submit(str(n).encode())["attempt"] for n in range(3)]
    assert attempts == [1, 2, 3]
    assert released.ben.submit()["attempt"] == 1


def test_an_object_is_invisible_until_it_is_completed(released):
    item = archive_item(b"work")
    (granted,) = released.ada.begin("submission", item)
    released.ada.put(granted, b"work")
    assert released.teacher.submissions() == []
    assert released.ada.assignments()[0].get("submissions", []) == []
    released.ada.complete(item)
    assert len(released.teacher.submissions()) == 1


def test_a_release_brings_the_course_into_being(people, database):
    assert people.teacher.assignments() == []
    people.teacher.release()
    assert [entry["assignment_id"] for entry in people.ada.assignments()] == ["ps1"]
    assert count(database, Course) == 1


def test_a_rerelease_makes_a_new_version_and_keeps_everything(released):
    first = released.ada.assignments()[0]["release"]
    released.ada.submit()
    second = released.teacher.release(b"better", force=True)
    assert (first["version"], second["version"]) == (1, 2)
    assert released.ada.assignments()[0]["release"]["id"] == second["id"]
    assert released.ada.download("release", second["id"]) == b"better"
    assert len(released.teacher.submissions()) == 1


def test_newer_feedback_supersedes_older_on_the_same_notebook(released):
    submission = released.ada.submit()
    released.teacher.give_feedback(submission, b"first")
    released.teacher.give_feedback(submission, b"second")
    (attempt,) = released.ada.assignments()[0]["submissions"]
    (current,) = attempt["feedback"]
    assert released.ada.download("feedback", current["id"]) == b"second"


def test_feedback_for_a_student_never_seen_is_kept_for_them(released):
    instant = "2026-01-02T03:04:05.000006Z"
    released.teacher.send("feedback", b"<p>", student_id="ben", notebook_id="p1", submitted_at=instant)
    (entry,) = released.ben.assignments()
    (feedback,) = entry["feedback"]
    assert feedback["submitted_at"] == instant
    assert released.ben.download("feedback", feedback["id"]) == b"<p>"


def test_feedback_by_instant_finds_the_submission_of_that_instant(released):
    submission = released.ada.submit()
    when = submission["submitted_at"]
    released.teacher.send("feedback", b"<p>", student_id="ada", notebook_id="p1", submitted_at=when)
    (attempt,) = released.ada.assignments()[0]["submissions"]
    assert len(attempt["feedback"]) == 1


def test_an_instructor_may_submit_for_a_student_and_the_log_names_both(released, database):
    record = released.teacher.submit(student_id="ben")
    assert (record["student_id"], record["submitted_by"], record["by_instructor"]) == ("ben", "teacher", True)
    with database.read() as session:
        action = session.scalars(select(Action).where(Action.verb == "submitted")).one()
    assert (action.actor, action.on_behalf) == ("teacher", "ben")


def test_a_batch_of_a_hundred_is_carried_in_two_calls(released):
    submission = released.ada.submit()
    items = [
        upload_item(b"<p>", student_id="ada", submission_id=submission["id"], notebook_id=f"n{number}")
        for number in range(100)
    ]
    for granted in released.teacher.begin("feedback", *items):
        assert released.teacher.put(granted, b"<p>") == 200
    answers = released.teacher.complete(*items).json["items"]
    assert {answer["type"] for answer in answers} == {"completed"}


# --- repeated ----------------------------------------------------------------------------------------------


def test_the_same_item_again_gets_a_fresh_url_for_the_same_object(released, database):
    item = archive_item(b"work")
    first, second = (released.ada.begin("submission", item)[0] for _ in range(2))
    assert first["submitted_at"] == second["submitted_at"]
    assert first["url"].partition("?")[0] == second["url"].partition("?")[0]
    assert count(database, Upload, Upload.kind == "submission") == 1


def test_the_same_id_for_other_content_is_refused(released):
    item = archive_item(b"work")
    released.ada.begin("submission", item)
    other = {**archive_item(b"other work"), "id": item["id"]}
    assert problem_of(released.ada.initiate("submission", other))["type"] == "id-reused"


def test_the_same_id_of_another_person_is_another_upload(released):
    item = archive_item(b"work")
    released.ada.begin("submission", item)
    released.ben.begin("submission", item)
    assert problem_of(released.ben.complete(item))["type"] == "object-missing"


def test_an_upload_whose_time_is_over_is_not_listed_to_be_resumed(released, database):
    released.ada.begin("submission", archive_item(b"work"))
    let_time_pass(database, hours=23)
    assert len(released.ada.get("uploads").json["items"]) == 1
    let_time_pass(database, hours=1)
    assert released.ada.get("uploads").json["items"] == []


def test_initiating_again_after_the_time_is_over_gives_no_url(released, database):
    item = archive_item(b"work")
    released.ada.begin("submission", item)
    let_time_pass(database, hours=24)
    assert problem_of(released.ada.initiate("submission", item))["type"] == "upload-expired"


def test_a_lost_reply_to_complete_costs_nothing(released, database):
    item = archive_item(b"work")
    (granted,) = released.ada.begin("submission", item)
    released.ada.put(granted, b"work")
    first, second = (released.ada.complete(item).json for _ in range(2))
    assert first == second
    assert count(database, Submission) == 1
    assert count(database, Action, Action.verb == "submitted") == 1


def test_initiating_again_after_completion_gives_the_record(released):
    item = archive_item(b"work")
    (granted,) = released.ada.begin("submission", item)
    released.ada.put(granted, b"work")
    (completed,) = released.ada.complete(item).json["items"]
    (again,) = released.ada.initiate("submission", item).json["items"]
    assert again == completed
