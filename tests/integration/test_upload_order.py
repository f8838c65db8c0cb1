"""Which of several uploads counts: stamps, versions, and what supersedes what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from support.database.ledger import count, make_older
from support.people.callers import archive_item, problem_of, upload_item

from nbexchange.api.db.models import Release

pytestmark = pytest.mark.databases("sqlite", "postgresql")


def test_stamps_of_a_student_never_go_back(released, database):
    record = released.ada.submit()
    future = datetime.now(UTC) + timedelta(hours=1)
    make_older(database, stamp=future)
    later = released.ada.submit(b"more")
    assert datetime.fromisoformat(later["submitted_at"]) == future + timedelta(microseconds=1)
    assert record["attempt"] < later["attempt"]


def test_what_one_call_completes_is_completed_at_one_instant(released):
    items = [archive_item(b"work") for _ in range(3)]
    for granted in released.ada.begin("submission", *items):
        released.ada.put(granted, b"work")
    answers = released.ada.complete(*items).json["items"]
    assert len({answer["record"]["completed_at"] for answer in answers}) == 1
    assert [answer["record"]["attempt"] for answer in answers] == [1, 2, 3]


def test_a_release_that_was_begun_earlier_does_not_replace_a_later_one(people):
    early, late = archive_item(b"early", force=True), archive_item(b"late", force=True)
    (first,) = people.teacher.begin("release", early)
    (second,) = people.teacher.begin("release", late)
    people.teacher.put(first, b"early")
    people.teacher.put(second, b"late")
    people.teacher.complete(late)
    assert problem_of(people.teacher.complete(early))["type"] == "superseded"
    current = people.ada.assignments()[0]["release"]
    assert people.ada.download("release", current["id"]) == b"late"


def complete_together(caller, kind, *items):
    """Begin and complete these items, each of the bytes `work`, in one call each; gives their records."""
    for granted in caller.begin(kind, *items):
        assert caller.put(granted, b"work") == 200
    return [answer["record"] for answer in caller.complete(*items).json["items"]]


def test_of_releases_that_are_completed_together_the_last_is_current(people):
    items = [archive_item(b"work", force=True) for _ in range(2)]
    assert [record["version"] for record in complete_together(people.teacher, "release", *items)] == [1, 2]
    (entry,) = people.ada.assignments()
    assert entry["release"]["version"] == 2


def test_of_feedback_on_one_notebook_that_is_completed_together_the_last_is_current(released):
    submission = released.ada.submit()
    about = {"student_id": "ada", "notebook_id": "p1", "submission_id": submission["id"]}
    records = complete_together(
        released.teacher, "feedback", *[upload_item(b"work", **about) for _ in range(2)]
    )
    (entry,) = released.ada.assignments()
    assert [row["id"] for row in entry["submissions"][0]["feedback"]] == [records[-1]["id"]]


def test_a_release_that_was_begun_before_a_hidden_one_does_not_bring_it_back(released):
    early = archive_item(b"early", force=True)
    (granted,) = released.teacher.begin("release", early)
    released.teacher.put(granted, b"early")
    released.teacher.release(b"late", force=True)
    released.teacher.delete("assignments", course_id="cs1", assignment_id="ps1")
    assert problem_of(released.teacher.complete(early))["type"] == "superseded"
    assert ["release" in entry for entry in released.ada.assignments()] == [False]


def test_feedback_that_was_begun_earlier_does_not_replace_a_later_one(released):
    submission = released.ada.submit()
    values = {"student_id": "ada", "submission_id": submission["id"], "notebook_id": "p1"}
    early, late = upload_item(b"early", **values), upload_item(b"late", **values)
    (first,) = released.teacher.begin("feedback", early)
    (second,) = released.teacher.begin("feedback", late)
    released.teacher.put(first, b"early")
    released.teacher.put(second, b"late")
    released.teacher.complete(late)
    assert problem_of(released.teacher.complete(early))["type"] == "superseded"
    (attempt,) = released.ada.assignments()[0]["submissions"]
    assert released.ada.download("feedback", attempt["feedback"][0]["id"]) == b"late"


def test_a_superseded_release_does_not_retire_the_current_one_of_another_assignment(people, database):
    people.teacher.release(assignment="ps2")
    old = archive_item(b"old", force=True)
    (granted,) = people.teacher.begin("release", old)
    people.teacher.put(granted, b"old")
    people.teacher.release(b"new", force=True)
    assert problem_of(people.teacher.complete(old))["type"] == "superseded"
    assert count(database, Release, Release.is_current) == 2
