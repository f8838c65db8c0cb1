"""Graders: they see the work of a course and release feedback on it, and change nothing else."""

from __future__ import annotations

import pytest
from support.people.callers import archive_item, outcome, problem_of, upload_item


@pytest.fixture
def submission(released):
    return released.ada.submit(b"ada's work")


def feedback_item(**values):
    return upload_item(b"<p>", student_id="ada", notebook_id="p1", **values)


def feedback_on_work_from_elsewhere():
    return feedback_item(submitted_at="2020-01-01T00:00:00Z")


def test_a_grader_lists_collects_and_releases_feedback_that_the_student_fetches(released, submission):
    assert [record["id"] for record in released.grader.submissions()] == [submission["id"]]
    assert released.grader.download("submission", submission["id"]) == b"ada's work"
    released.grader.note_collected(submission)
    record = released.grader.give_feedback(submission, b"<p>by the grader</p>")
    assert released.ada.download("feedback", record["id"]) == b"<p>by the grader</p>"
    log = released.grader.get("history", course_id="cs1").json["actions"]
    assert [(entry["action"], entry["actor"]) for entry in log[1:3]] == [
        ("feedback_released", "grader"),
        ("collected", "grader"),
    ]


def test_a_grader_cannot_change_what_students_get(released, submission):
    for answer in (
        released.grader.initiate("release", archive_item(b"v", force=True)),
        released.grader.delete("assignments", course_id="cs1", assignment_id="ps1"),
        released.grader.delete("assignments", course_id="cs1", assignment_id="ps1", purge=True),
    ):
        assert (answer.status_code, answer.json["type"]) == (403, "role-required")
    assert released.ada.assignments()[0]["release"]["version"] == 1


def test_a_grader_cannot_remove_a_students_submission(released, submission):
    answer = released.grader.post("submissions/remove", {"ids": [submission["id"]]})
    assert problem_of(answer)["type"] == "not-found"
    assert len(released.teacher.submissions()) == 1


def test_a_grader_cannot_submit_in_a_students_name(released):
    answer = released.grader.initiate("submission", archive_item(b"w", student_id="ada"))
    assert problem_of(answer)["type"] == "role-required"


def test_feedback_on_work_that_the_exchange_does_not_know_is_for_instructors(released, submission):
    elsewhere = feedback_on_work_from_elsewhere()
    assert problem_of(released.grader.initiate("feedback", elsewhere))["type"] == "role-required"
    assert outcome(released.teacher.initiate("feedback", elsewhere)) == "upload"


def test_feedback_by_a_grader_begins_no_assignment(released):
    answer = released.grader.initiate("feedback", feedback_on_work_from_elsewhere(), assignment="ps9")
    assert (answer.status_code, answer.json["type"]) == (404, "not-found")


def test_one_who_is_a_grader_no_longer_cannot_complete_feedback(released, submission, token_file):
    item = feedback_item(submission_id=submission["id"])
    (granted,) = released.grader.begin("feedback", item)
    released.grader.put(granted, b"<p>")
    student = token_file.create(
        {"name": "grader", "courses": [{"course_id": "cs1", "course_role": "Student"}]}
    )
    headers = {"Authorization": f"token {student}"}
    answer = released.grader.call("POST", "uploads/complete", json={"ids": [item["id"]]}, headers=headers)
    assert problem_of(answer)["type"] == "role-required"
    assert released.ada.assignments()[0]["submissions"][0].get("feedback", []) == []
