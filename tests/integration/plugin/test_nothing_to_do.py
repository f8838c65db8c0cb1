"""Every command says when there was nothing to do, and why, and ends with nbgrader's exit status."""

from __future__ import annotations

import pytest
from support.people.classroom import give_feedback

NOTHING = {
    "release_assignment ps9": (1, "Assignment not found at: "),
    "release_assignment ps1": (1, "Destination already exists, add --force to overwrite: cs1 ps1"),
    "fetch_assignment ps9": (1, "ps9 is not released in cs1."),
    "submit ps9": (1, "Assignment not found at: "),
    "collect ps1": (0, "No submissions of 'ps1' for course 'cs1' to collect: nobody has submitted it"),
    "collect ps9": (0, "No submissions of 'ps9' for course 'cs1' to collect: it is not released"),
    "collect ps1 --student=x*": (0, "to collect: there is none of students like 'x*'"),
    "release_feedback ps1": (0, "feedback/*/ps1/*.html. Run `nbgrader generate_feedback` first"),
    "release_feedback ps1 --student=ada": (0, "feedback/ada/ps1/*.html. Run "),
    "release_feedback ps1 --CourseDirectory.student_id_exclude=ada": (0, " but for ada, whom "),
    "fetch_feedback ps1": (0, "No feedback for 'cs1/ps1': you have submitted nothing"),
    "fetch_feedback ps9": (1, "ps9 is not released in cs1."),
    "fetch_feedback ps1 --student=teacher": (0, "No feedback for 'cs1/ps1': you have submitted nothing"),
    "fetch_feedback ps1 --student=ada": (
        1,
        "and you are teacher, not ada. Run the command without --student",
    ),
    "fetch_feedback ps1 --student=a*": (1, "should contain no '*' nor '+'"),
    "list ps9": (0, "Released assignments:"),
    "list ps9 --remove": (0, "Nothing to remove: the list without --remove is empty too"),
    "list --inbound --remove": (0, "Nothing to remove: the list without --remove is empty too"),
    "list --cached --remove": (0, "Nothing to remove: the list without --remove is empty too"),
}
"""By command, with `ps1` released and nothing else done: the exit status, and what is said."""


@pytest.mark.parametrize("command", NOTHING)
def test_a_command_with_nothing_to_do_says_why(released, command):
    status, text = NOTHING[command]
    said = released.teacher.nbgrader(*command.split(), status=status)
    assert text in said
    assert ("CRITICAL" in said) is (status == 1)


def test_replacing_where_nothing_is_missing(released):
    released.ada.nbgrader("fetch_assignment", "ps1")
    said = released.ada.nbgrader("fetch_assignment", "ps1", "--replace")
    assert "Nothing to replace: no file of the assignment is missing in " in said
    (released.ada.home / "ps1" / "part" / "p2.ipynb").unlink()
    assert "Nothing to replace" not in released.ada.nbgrader("fetch_assignment", "ps1", "--replace")


def test_collecting_what_was_collected(submitted):
    submitted.teacher.nbgrader("collect", "ps1")
    assert "0 new, 0 updated, 2 unchanged" in submitted.teacher.nbgrader("collect", "ps1", "--update")


def test_feedback_that_is_not_there_yet_and_feedback_that_was_fetched(submitted):
    said = submitted.ada.nbgrader("fetch_feedback", "ps1")
    assert "Could not find feedback for 'cs1/ps1' submitted at " in said
    give_feedback(submitted, "ada")
    assert "Fetched feedback: " in submitted.ada.nbgrader("fetch_feedback", "ps1", "--student=ada")
    said = submitted.ada.nbgrader("fetch_feedback", "ps1")
    assert "Nothing to fetch: the feedback for 'cs1/ps1' is here, as it was released last" in said


def test_a_misspelt_assignment_gets_a_suggestion_for_its_feedback(submitted):
    assert "Did you mean: ps1" in submitted.ada.nbgrader("fetch_feedback", "ps11", status=1)
