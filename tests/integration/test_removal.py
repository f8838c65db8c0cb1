"""What is removed from sight: submissions from a list, an assignment from its students."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import update
from support.database.ledger import count, logged
from support.faults.at_once import at_once

from nbexchange.api.db.models import Release, Upload

pytestmark = pytest.mark.databases("sqlite", "postgresql")

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def listed(caller):
    """The ids of the attempts in the caller's own list."""
    return [record["id"] for entry in caller.assignments() for record in entry.get("submissions", ())]


# --- submissions -------------------------------------------------------------------------------------------


def test_an_instructor_hides_from_the_course_and_the_student_keeps_their_list(released):
    record = released.ada.submit()
    assert released.teacher.remove(record).json == {"items": [{"type": "removed", "id": record["id"]}]}
    assert released.teacher.submissions() == []
    assert listed(released.ada) == [record["id"]]


def test_a_student_hides_from_their_own_list_and_is_collected_all_the_same(released):
    record = released.ada.submit()
    released.ada.remove(record)
    assert listed(released.ada) == []
    assert [attempt["id"] for attempt in released.teacher.submissions()] == [record["id"]]


def test_own_is_an_instructors_own_list(released):
    record = released.teacher.submit()
    released.teacher.remove(record, own=True)
    assert listed(released.teacher) == []
    assert [attempt["id"] for attempt in released.teacher.submissions()] == [record["id"]]


def test_an_instructor_cannot_hide_anything_from_a_students_own_list(released):
    record = released.ada.submit()
    (answer,) = released.teacher.remove(record, own=True).json["items"]
    assert answer["problem"]["type"] == "not-found"
    assert listed(released.ada) == [record["id"]]


def test_what_is_hidden_takes_its_feedback_with_it_and_nothing_else(released):
    first, second = released.ada.submit(b"first"), released.ada.submit(b"second")
    for record in (first, second):
        released.teacher.give_feedback(record)
    released.ada.remove(first)
    (entry,) = released.ada.assignments()
    assert [record["id"] for record in entry["submissions"]] == [second["id"]]
    assert len(entry["submissions"][0]["feedback"]) == 1
    assert "feedback" not in entry


def test_what_one_student_hides_takes_nothing_from_another_who_submitted_at_the_same_instant(
    released, database
):
    hers, his = released.ada.submit(), released.ben.submit()
    with database.write() as session:
        session.execute(update(Upload).where(Upload.kind == "submission").values(stamp=NOON))
    feedback = released.teacher.give_feedback(hers)
    released.ben.remove(his)
    (entry,) = released.ada.assignments()
    assert [row["id"] for row in entry["submissions"][0]["feedback"]] == [feedback["id"]]
    assert released.ada.request("feedback", feedback["id"])["type"] == "download"


def test_of_an_assignment_of_which_all_is_hidden_only_its_withdrawal_is_listed(released):
    released.ada.remove(released.ada.submit())
    released.teacher.delete("assignments", course_id="cs1", assignment_id="ps1")
    (entry,) = released.ada.assignments()
    assert set(entry) == {"course_id", "assignment_id", "withdrawn_at"}


@pytest.mark.parametrize("before", [False, True])
def test_collect_gets_the_newest_that_is_not_removed(released, before):
    first, second = released.ada.submit(b"first"), released.ada.submit(b"second")
    released.teacher.remove(second)
    query = {"before": second["submitted_at"]} if before else {}
    (latest,) = released.teacher.submissions(latest="true", **query)
    assert latest["id"] == first["id"]


def test_a_removed_attempt_keeps_its_number_and_its_bytes(released):
    first = released.ada.submit(b"first")
    released.teacher.remove(first)
    assert released.ada.submit(b"second")["attempt"] == 2
    assert released.ada.download("submission", first["id"]) == b"first"


def test_what_an_instructor_removed_no_grader_or_instructor_can_download(released):
    record = released.ada.submit()
    released.teacher.remove(record)
    for caller in (released.teacher, released.colleague, released.grader):
        assert caller.request("submission", record["id"])["problem"]["type"] == "not-found"


def test_what_a_student_hid_they_cannot_download_and_their_instructor_can(released):
    record = released.ada.submit(b"work")
    feedback = released.teacher.give_feedback(record)
    released.ada.remove(record)
    assert released.ada.request("submission", record["id"])["problem"]["type"] == "not-found"
    assert released.ada.request("feedback", feedback["id"])["problem"]["type"] == "not-found"
    assert released.teacher.download("submission", record["id"]) == b"work"
    assert released.teacher.request("feedback", feedback["id"])["type"] == "download"


def test_an_instructors_own_attempt_stays_theirs_when_it_leaves_the_course(released):
    record = released.teacher.submit(b"tried out")
    released.colleague.remove(record)
    assert released.colleague.request("submission", record["id"])["problem"]["type"] == "not-found"
    assert released.teacher.download("submission", record["id"]) == b"tried out"


def test_removing_is_logged_once_for_each_list(released, database):
    record = released.ada.submit()
    for caller in (released.teacher, released.colleague, released.ada, released.ada):
        assert caller.remove(record).json["items"][0]["type"] == "removed"
    for verb, entry in (
        ("removed", ("submission", "teacher", "ada")),
        ("hidden", ("submission", "ada", None)),
    ):
        entries = logged(database, verb)
        assert [(action.kind, action.actor, action.on_behalf) for action in entries] == [entry]


def test_two_instructors_who_remove_at_once_leave_one_entry(released, database):
    record = released.ada.submit()
    answers = at_once(*[lambda: released.teacher.remove(record).status_code] * 8)
    assert answers == [200] * 8
    assert len(logged(database, "removed")) == 1


def test_each_item_has_its_own_answer(released):
    mine, others = released.ada.submit(), released.ben.submit()
    unknown = {"id": str(uuid4())}
    answer = released.ada.remove(unknown, mine, others).json["items"]
    assert [item["type"] for item in answer] == ["error", "removed", "error"]
    assert [attempt["id"] for attempt in released.teacher.submissions(student_id="ben")] == [others["id"]]


# --- unrelease ---------------------------------------------------------------------------------------------


def test_unrelease_and_release_lose_nothing(released, database):
    record = released.ada.submit()
    released.teacher.give_feedback(record)
    assert released.teacher.delete("assignments", course_id="cs1", assignment_id="ps1").json == {
        "course_id": "cs1",
        "assignment_id": "ps1",
    }
    assert released.teacher.release(b"again")["version"] == 2
    (entry,) = released.ada.assignments()
    assert entry["release"]["version"] == 2
    assert [attempt["id"] for attempt in entry["submissions"]] == [record["id"]]
    assert len(entry["submissions"][0]["feedback"]) == 1
    assert count(database, Release) == 2
