"""Unrelease: what members of the course see of an assignment that was withdrawn, and for how long."""

from __future__ import annotations

import msgspec
import pytest
from support.database.ledger import count, logged
from support.people.callers import archive_item

from nbexchange.api.db.models import Upload

pytestmark = pytest.mark.databases("sqlite", "postgresql")


def test_members_of_the_course_are_told_when_an_assignment_was_withdrawn_until_it_is_released_again(
    released, database
):
    released.teacher.release(assignment="ps2")
    for _ in range(2):  # the second changes nothing
        released.teacher.delete("assignments", course_id="cs1", assignment_id="ps1")
    (event,) = logged(database, "unreleased")
    withdrawn = {"course_id": "cs1", "assignment_id": "ps1", "withdrawn_at": msgspec.to_builtins(event.at)}
    for person in (released.ada, released.teacher):
        first, second = person.assignments()
        assert first == withdrawn
        assert "withdrawn_at" not in second
    assert released.outsider.assignments() == []
    released.teacher.release()
    assert "withdrawn_at" not in released.ada.assignments()[0]
    released.teacher.delete("assignments", course_id="cs1", assignment_id="ps1")
    (_, last) = logged(database, "unreleased")
    assert released.ada.assignments()[0]["withdrawn_at"] == msgspec.to_builtins(last.at)


def test_what_was_purged_is_forgotten_and_not_called_withdrawn(released):
    released.teacher.delete("assignments", course_id="cs1", assignment_id="ps1")
    released.teacher.delete("assignments", course_id="cs1", assignment_id="ps1", purge="true")
    assert released.ada.assignments() == []


def test_unrelease_hides_and_can_be_undone_by_a_release_without_force(released, database):
    submission = released.ada.submit()
    assert released.teacher.delete("assignments", course_id="cs1", assignment_id="ps1").status_code == 200
    assert "release" not in released.ada.assignments()[0]
    assert released.teacher.delete("assignments", course_id="cs1", assignment_id="ps1").status_code == 200
    assert released.teacher.delete("assignments", course_id="cs1", assignment_id="x").status_code == 404
    assert released.teacher.release()["version"] == 2
    assert [r["id"] for r in released.teacher.submissions()] == [submission["id"]]
    assert [action.actor for action in logged(database, "unreleased")] == ["teacher"]


def test_nothing_can_be_submitted_to_what_was_withdrawn_and_the_student_is_told_when(released, database):
    released.teacher.delete("assignments", course_id="cs1", assignment_id="ps1")
    refused = released.ada.initiate("submission", archive_item(b"w"))
    assert (refused.status_code, refused.json["type"]) == (404, "assignment-withdrawn")
    (event,) = logged(database, "unreleased")
    assert refused.json["detail"] == f"ps1 of cs1 was withdrawn on {event.at:%Y-%m-%d at %H:%M} UTC."
    assert count(database, Upload, Upload.kind == "submission") == 0
