"""Uploads that are refused: too early, too late, too many, not what was announced, not theirs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from support.database.ledger import count, make_older
from support.people.callers import archive_item, problem_of, upload_item

from nbexchange.api.db.models import Course, Person, Submission, Upload

pytestmark = pytest.mark.databases("sqlite", "postgresql")


def test_completing_before_the_bytes_are_there_can_be_repeated_later(released):
    item = archive_item(b"work")
    (granted,) = released.ada.begin("submission", item)
    assert problem_of(released.ada.complete(item))["type"] == "object-missing"
    released.ada.put(granted, b"work")
    assert released.ada.complete(item).json["items"][0]["type"] == "completed"


def test_an_object_of_another_size_is_rejected_for_good(released, database, store):
    item = archive_item(b"work")
    (granted,) = released.ada.begin("submission", item)
    released.ada.put(granted, b"work")
    (data,) = store.objects.glob("v1/*/*/submission/*/data")
    data.write_bytes(b"altered work")
    assert problem_of(released.ada.complete(item))["type"] == "upload-mismatch"
    data.write_bytes(b"work")
    assert problem_of(released.ada.complete(item))["type"] == "upload-rejected"
    assert count(database, Submission) == 0


def test_an_object_of_another_digest_is_rejected(released, store):
    item = archive_item(b"work")
    (granted,) = released.ada.begin("submission", item)
    released.ada.put(granted, b"work")
    (digest,) = store.objects.glob("v1/*/*/submission/*/sha256")
    digest.write_text("0" * 64)
    assert problem_of(released.ada.complete(item))["type"] == "upload-mismatch"


def test_an_expired_upload_cannot_be_completed(released, database):
    item = archive_item(b"work")
    (granted,) = released.ada.begin("submission", item)
    released.ada.put(granted, b"work")
    make_older(database, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert problem_of(released.ada.complete(item))["type"] == "upload-expired"
    assert problem_of(released.ada.initiate("submission", item))["type"] == "upload-expired"


def test_a_url_never_outlives_its_upload(released, database):
    item = archive_item(b"work")
    released.ada.begin("submission", item)
    soon = datetime.now(UTC) + timedelta(minutes=1)
    make_older(database, expires_at=soon)
    (renewed,) = released.ada.begin("submission", item)
    assert datetime.fromisoformat(renewed["expires_at"]) <= soon


def test_a_second_release_without_force_is_refused_before_a_url_exists(released, database):
    answer = released.teacher.initiate("release", archive_item(b"again"))
    assert problem_of(answer)["type"] == "already-released"
    assert count(database, Upload) == 1


def test_nothing_can_be_submitted_to_what_was_never_released(released, database):
    """Neither does a student learn of it before it is."""
    released.teacher.begin("release", archive_item(b"soon"), assignment="ps8")
    hidden = released.ada.initiate("submission", archive_item(b"w"), assignment="ps8")
    unknown = released.ada.initiate("submission", archive_item(b"w"), assignment="ps9")
    assert hidden.status_code == unknown.status_code == 404
    assert hidden.json["detail"] == unknown.json["detail"].replace("ps9", "ps8")
    assert count(database, Upload, Upload.kind == "submission") == 0


def test_a_submission_begun_before_unrelease_may_be_completed(released):
    item = archive_item(b"work")
    (granted,) = released.ada.begin("submission", item)
    released.ada.put(granted, b"work")
    released.teacher.delete("assignments", course_id="cs1", assignment_id="ps1")
    assert released.ada.complete(item).json["items"][0]["type"] == "completed"


def test_at_most_three_unfinished_submissions_of_a_student_for_an_assignment(released):
    items = [archive_item(str(n).encode()) for n in range(4)]
    released.ada.begin("submission", *items[:3])
    assert problem_of(released.ada.initiate("submission", items[3]))["type"] == "too-many-pending"
    assert released.ada.delete(f"uploads/{items[0]['id']}").status_code == 200
    released.ada.begin("submission", items[3])
    released.ben.begin("submission", *[archive_item(b"b")])


def test_unfinished_uploads_of_another_person_or_past_their_time_block_nobody(released, database):
    for_ada = [archive_item(str(n).encode(), student_id="ada") for n in range(3)]
    released.teacher.begin("submission", *for_ada)
    released.ada.begin("submission", *[archive_item(str(n).encode()) for n in range(3)])
    released.colleague.begin("submission", archive_item(b"w", student_id="ada"))
    make_older(database, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    released.ada.begin("submission", archive_item(b"w"))


def test_a_student_cannot_submit_as_another(released, database):
    answer = released.ada.initiate("submission", archive_item(b"w", student_id="ben"))
    assert problem_of(answer)["type"] == "role-required"
    assert count(database, Person, Person.name == "ben") == 0


def test_feedback_on_another_students_submission_is_refused(released):
    submission = released.ada.submit()
    item = upload_item(b"<p>", student_id="ben", submission_id=submission["id"], notebook_id="p1")
    assert problem_of(released.teacher.initiate("feedback", item))["type"] == "not-found"


def test_feedback_on_a_submission_of_another_assignment_is_refused(released):
    submission = released.ada.submit()
    released.teacher.release(assignment="ps2")
    item = upload_item(b"<p>", student_id="ada", submission_id=submission["id"], notebook_id="p1")
    answer = released.teacher.initiate("feedback", item, assignment="ps2")
    assert problem_of(answer)["type"] == "not-found"


def test_what_is_wrong_with_one_item_does_not_stop_its_neighbours(released, limits):
    good, large = archive_item(b"good"), {**archive_item(b"large"), "size": limits.max_buffer_size + 1}
    answers = released.ada.initiate("submission", good, large).json["items"]
    assert [answer["type"] for answer in answers] == ["upload", "error"]
    assert answers[1]["problem"]["limit"] == limits.max_buffer_size


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"unpacked_size": 4_000_001}, "too-large"),
        ({"unpacked_size": None}, "invalid-request"),
        ({"notebooks": ["../p.ipynb"]}, "invalid-request"),
        ({"notebooks": ["/p.ipynb"]}, "invalid-request"),
        ({"notebooks": ["a\nb.ipynb"]}, "invalid-request"),
        ({"notebook_id": "p1"}, "invalid-request"),
    ],
)
def test_an_item_that_cannot_be_is_refused(released, values, kind):
    assert problem_of(released.ada.initiate("submission", archive_item(b"w", **values)))["type"] == kind


@pytest.mark.parametrize("student", ["", ".", "..", "a/b", "a\\b", "a\x00b", "x" * 256, "é" * 128, "\x85"])
def test_a_student_whose_name_cannot_be_a_file_is_refused(released, student):
    item = upload_item(b"<p>", student_id=student, notebook_id="p1", submitted_at="2026-01-01T00:00:00Z")
    assert problem_of(released.teacher.initiate("feedback", item))["type"] == "invalid-request"


@pytest.mark.parametrize(
    "when", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-01-01T00:00:00"]
)
def test_an_instant_beyond_our_centuries_or_without_a_zone_is_refused(released, when):
    item = upload_item(b"<p>", student_id="ada", notebook_id="p1", submitted_at=when)
    answer = released.teacher.initiate("feedback", item)
    problem = answer.json if answer.status_code == 400 else problem_of(answer)
    assert problem["type"] == "invalid-request"


@pytest.mark.parametrize("assignment", ["", ".", "..", "a/b", "a+b", "a\x00", "x" * 256])
def test_an_assignment_whose_name_cannot_be_a_file_is_refused(people, database, assignment):
    answer = people.teacher.initiate("release", archive_item(b"v"), assignment=assignment)
    assert (answer.status_code, answer.json["type"]) == (400, "invalid-request")
    assert count(database, Course) == 0


@pytest.mark.parametrize("name", ["ps 1", "ps.1", "übung ①", "a@b", "-f", "%2e%2e", "ps1\u202e"])
def test_spaces_dots_and_unicode_are_fine_in_names(people, name):
    people.teacher.release(assignment=name)
    record = people.ada.submit(assignment=name)
    assert record["assignment_id"] == name
    assert people.ada.download("submission", record["id"]) == b"work"


def test_two_items_with_one_id_are_refused(released):
    item = archive_item(b"work")
    assert released.ada.initiate("submission", item, item).status_code == 400
