"""Who may end an upload, and how: abort, and completion by somebody whose role has changed."""

from __future__ import annotations

from uuid import uuid4

import pytest
from support.people.callers import archive_item, problem_of

pytestmark = pytest.mark.databases("sqlite", "postgresql")


def test_an_abort_ends_an_upload_and_can_be_repeated(released):
    item = archive_item(b"work")
    released.ada.begin("submission", item)
    assert [entry["id"] for entry in released.ada.get("uploads").json["items"]] == [item["id"]]
    for _ in range(2):
        assert released.ada.delete(f"uploads/{item['id']}").status_code == 200
    assert released.ada.get("uploads").json["items"] == []
    assert problem_of(released.ada.complete(item))["type"] == "upload-aborted"


def test_a_completed_upload_cannot_be_aborted(released):
    item = archive_item(b"work")
    (granted,) = released.ada.begin("submission", item)
    released.ada.put(granted, b"work")
    released.ada.complete(item)
    assert released.ada.delete(f"uploads/{item['id']}").json["type"] == "upload-completed"


def test_a_demoted_instructor_cannot_complete_a_release(people, token_file):
    item = archive_item(b"version")
    (granted,) = people.teacher.begin("release", item)
    people.teacher.put(granted, b"version")
    demoted = token_file.create(
        {"name": "teacher", "courses": [{"course_id": "cs1", "course_role": "Student"}]}
    )
    answer = people.teacher.call(
        "POST",
        "uploads/complete",
        json={"ids": [item["id"]]},
        headers={"Authorization": f"token {demoted}"},
    )
    assert problem_of(answer)["type"] == "role-required"
    assert people.ada.assignments() == []


def test_an_unknown_upload_is_not_found(released):
    assert problem_of(released.ada.complete({"id": str(uuid4())}))["type"] == "not-found"
    assert released.ada.delete(f"uploads/{uuid4()}").status_code == 404
