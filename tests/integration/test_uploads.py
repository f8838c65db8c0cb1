"""Uploads: announced, sent, completed; repeated, raced, refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update
from support.at_once import at_once
from support.callers import archive_item, item, problem_of
from support.ledger import count

from nbexchange.api.models import Action, Course, Person, Release, Submission, Upload


def make_older(database, **values):
    """Move the pending uploads' times into the past, as if the clock had gone on."""
    with database.write() as session:
        session.execute(update(Upload).values(**values))


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
    wanted = archive_item(b"work")
    (granted,) = released.ada.begin("submission", wanted)
    released.ada.put(granted, b"work")
    assert released.teacher.submissions() == []
    assert released.ada.assignments()[0].get("submissions", []) == []
    released.ada.complete(wanted)
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
        item(b"<p>", student_id="ada", submission_id=submission["id"], notebook_id=f"n{number}")
        for number in range(100)
    ]
    for granted in released.teacher.begin("feedback", *items):
        assert released.teacher.put(granted, b"<p>") == 200
    answers = released.teacher.complete(*items).json["items"]
    assert {answer["type"] for answer in answers} == {"completed"}


# --- repeated ----------------------------------------------------------------------------------------------


def test_the_same_item_again_gets_a_fresh_url_for_the_same_object(released, database):
    wanted = archive_item(b"work")
    first, second = (released.ada.begin("submission", wanted)[0] for _ in range(2))
    assert first["submitted_at"] == second["submitted_at"]
    assert first["url"].partition("?")[0] == second["url"].partition("?")[0]
    assert count(database, Upload, Upload.kind == "submission") == 1


def test_the_same_id_for_other_content_is_refused(released):
    wanted = archive_item(b"work")
    released.ada.begin("submission", wanted)
    other = {**archive_item(b"other work"), "id": wanted["id"]}
    assert problem_of(released.ada.initiate("submission", other))["type"] == "id-reused"


def test_the_same_id_of_another_person_is_another_upload(released):
    wanted = archive_item(b"work")
    released.ada.begin("submission", wanted)
    released.ben.begin("submission", wanted)
    assert problem_of(released.ben.complete(wanted))["type"] == "object-missing"


def test_a_lost_reply_to_complete_costs_nothing(released, database):
    wanted = archive_item(b"work")
    (granted,) = released.ada.begin("submission", wanted)
    released.ada.put(granted, b"work")
    first, second = (released.ada.complete(wanted).json for _ in range(2))
    assert first == second
    assert count(database, Submission) == 1
    assert count(database, Action, Action.verb == "submitted") == 1


def test_initiating_again_after_completion_gives_the_record(released):
    wanted = archive_item(b"work")
    (granted,) = released.ada.begin("submission", wanted)
    released.ada.put(granted, b"work")
    (completed,) = released.ada.complete(wanted).json["items"]
    (again,) = released.ada.initiate("submission", wanted).json["items"]
    assert again == completed


# --- at once -----------------------------------------------------------------------------------------------


def test_submits_at_once_become_attempts_without_gap_and_with_distinct_stamps(released):
    items = [archive_item(str(n).encode()) for n in range(3)]
    granted = at_once(*[lambda w=w: released.ada.begin("submission", w)[0] for w in items])
    for number, grant in enumerate(granted):
        released.ada.put(grant, str(number).encode())
    records = at_once(*[lambda w=w: released.ada.complete(w).json["items"][0]["record"] for w in items])
    assert sorted(record["attempt"] for record in records) == [1, 2, 3]
    assert len({record["submitted_at"] for record in records}) == 3


def test_completes_at_once_make_one_submission_and_all_get_the_same_answer(released, database):
    wanted = archive_item(b"work")
    (granted,) = released.ada.begin("submission", wanted)
    released.ada.put(granted, b"work")
    answers = at_once(*[lambda: released.ada.complete(wanted).json] * 8)
    assert all(answer == answers[0] for answer in answers)
    assert count(database, Submission) == 1
    assert count(database, Action, Action.verb == "submitted") == 1


def test_initiates_at_once_with_one_id_make_one_upload(released, database):
    wanted = archive_item(b"work")
    answers = at_once(*[lambda: released.ada.begin("submission", wanted)[0]] * 8)
    assert len({answer["submitted_at"] for answer in answers}) == 1
    assert count(database, Upload, Upload.kind == "submission") == 1


def test_of_two_releases_at_once_one_is_released_and_the_other_refused(people, database):
    items = [archive_item(b"one"), archive_item(b"two")]
    callers = [people.teacher, people.colleague]
    for caller, wanted, body in zip(callers, items, [b"one", b"two"], strict=True):
        (granted,) = caller.begin("release", wanted)
        caller.put(granted, body)
    answers = at_once(
        lambda: people.teacher.complete(items[0]).json["items"][0],
        lambda: people.colleague.complete(items[1]).json["items"][0],
    )
    assert sorted(answer["type"] for answer in answers) == ["completed", "error"]
    (refused,) = [answer["problem"]["type"] for answer in answers if answer["type"] == "error"]
    assert refused in {"already-released", "superseded"}
    assert count(database, Release, Release.is_current) == 1


def test_people_who_are_new_at_once_become_one_row_each(released, database):
    at_once(*[lambda: released.ben.begin("submission", archive_item(b"w"))] * 3)
    assert count(database, Person, Person.name == "ben") == 1


# --- order -------------------------------------------------------------------------------------------------


def test_stamps_of_a_student_never_go_back(released, database):
    record = released.ada.submit()
    future = datetime.now(UTC) + timedelta(hours=1)
    make_older(database, stamp=future)
    later = released.ada.submit(b"more")
    assert datetime.fromisoformat(later["submitted_at"]) == future + timedelta(microseconds=1)
    assert record["attempt"] < later["attempt"]


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


def test_a_release_that_was_begun_before_a_hidden_one_does_not_bring_it_back(released):
    early = archive_item(b"early", force=True)
    (granted,) = released.teacher.begin("release", early)
    released.teacher.put(granted, b"early")
    released.teacher.release(b"late", force=True)
    released.teacher.delete("assignments", course_id="cs1", assignment_id="ps1")
    assert problem_of(released.teacher.complete(early))["type"] == "superseded"
    assert released.ada.assignments() == []


def test_feedback_that_was_begun_earlier_does_not_replace_a_later_one(released):
    submission = released.ada.submit()
    values = {"student_id": "ada", "submission_id": submission["id"], "notebook_id": "p1"}
    early, late = item(b"early", **values), item(b"late", **values)
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


# --- refused -----------------------------------------------------------------------------------------------


def test_completing_before_the_bytes_are_there_can_be_repeated_later(released):
    wanted = archive_item(b"work")
    (granted,) = released.ada.begin("submission", wanted)
    assert problem_of(released.ada.complete(wanted))["type"] == "object-missing"
    released.ada.put(granted, b"work")
    assert released.ada.complete(wanted).json["items"][0]["type"] == "completed"


def test_an_object_of_another_size_is_rejected_for_good(released, database, store):
    wanted = archive_item(b"work")
    (granted,) = released.ada.begin("submission", wanted)
    released.ada.put(granted, b"work")
    (data,) = store.objects.glob("v1/*/*/submission/*/data")
    data.write_bytes(b"altered work")
    assert problem_of(released.ada.complete(wanted))["type"] == "upload-mismatch"
    data.write_bytes(b"work")
    assert problem_of(released.ada.complete(wanted))["type"] == "upload-rejected"
    assert count(database, Submission) == 0


def test_an_object_of_another_digest_is_rejected(released, store):
    wanted = archive_item(b"work")
    (granted,) = released.ada.begin("submission", wanted)
    released.ada.put(granted, b"work")
    (digest,) = store.objects.glob("v1/*/*/submission/*/sha256")
    digest.write_text("0" * 64)
    assert problem_of(released.ada.complete(wanted))["type"] == "upload-mismatch"


def test_an_expired_upload_cannot_be_completed(released, database):
    wanted = archive_item(b"work")
    (granted,) = released.ada.begin("submission", wanted)
    released.ada.put(granted, b"work")
    make_older(database, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert problem_of(released.ada.complete(wanted))["type"] == "upload-expired"
    assert problem_of(released.ada.initiate("submission", wanted))["type"] == "upload-expired"


def test_a_url_never_outlives_its_upload(released, database):
    wanted = archive_item(b"work")
    released.ada.begin("submission", wanted)
    soon = datetime.now(UTC) + timedelta(minutes=1)
    make_older(database, expires_at=soon)
    (renewed,) = released.ada.begin("submission", wanted)
    assert datetime.fromisoformat(renewed["expires_at"]) <= soon


def test_a_second_release_without_force_is_refused_before_a_url_exists(released, database):
    answer = released.teacher.initiate("release", archive_item(b"again"))
    assert problem_of(answer)["type"] == "already-released"
    assert count(database, Upload) == 1


def test_nothing_can_be_submitted_to_what_is_not_released(released, database):
    released.teacher.delete("assignments", course_id="cs1", assignment_id="ps1")
    hidden = released.ada.initiate("submission", archive_item(b"w"))
    unknown = released.ada.initiate("submission", archive_item(b"w"), assignment="ps9")
    assert hidden.status_code == unknown.status_code == 404
    assert hidden.json["detail"] == unknown.json["detail"].replace("ps9", "ps1")
    assert count(database, Upload, Upload.kind == "submission") == 0


def test_a_submission_begun_before_unrelease_may_be_completed(released):
    wanted = archive_item(b"work")
    (granted,) = released.ada.begin("submission", wanted)
    released.ada.put(granted, b"work")
    released.teacher.delete("assignments", course_id="cs1", assignment_id="ps1")
    assert released.ada.complete(wanted).json["items"][0]["type"] == "completed"


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
    wanted = item(b"<p>", student_id="ben", submission_id=submission["id"], notebook_id="p1")
    assert problem_of(released.teacher.initiate("feedback", wanted))["type"] == "not-found"


def test_feedback_on_a_submission_of_another_assignment_is_refused(released):
    submission = released.ada.submit()
    released.teacher.release(assignment="ps2")
    wanted = item(b"<p>", student_id="ada", submission_id=submission["id"], notebook_id="p1")
    answer = released.teacher.initiate("feedback", wanted, assignment="ps2")
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
    wanted = item(b"<p>", student_id=student, notebook_id="p1", submitted_at="2026-01-01T00:00:00Z")
    assert problem_of(released.teacher.initiate("feedback", wanted))["type"] == "invalid-request"


@pytest.mark.parametrize(
    "when", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-01-01T00:00:00"]
)
def test_an_instant_beyond_our_centuries_or_without_a_zone_is_refused(released, when):
    wanted = item(b"<p>", student_id="ada", notebook_id="p1", submitted_at=when)
    answer = released.teacher.initiate("feedback", wanted)
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
    wanted = archive_item(b"work")
    assert released.ada.initiate("submission", wanted, wanted).status_code == 400


def test_an_abort_ends_an_upload_and_can_be_repeated(released):
    wanted = archive_item(b"work")
    released.ada.begin("submission", wanted)
    assert [entry["id"] for entry in released.ada.get("uploads").json["items"]] == [wanted["id"]]
    for _ in range(2):
        assert released.ada.delete(f"uploads/{wanted['id']}").status_code == 200
    assert released.ada.get("uploads").json["items"] == []
    assert problem_of(released.ada.complete(wanted))["type"] == "upload-aborted"


def test_a_completed_upload_cannot_be_aborted(released):
    wanted = archive_item(b"work")
    (granted,) = released.ada.begin("submission", wanted)
    released.ada.put(granted, b"work")
    released.ada.complete(wanted)
    assert released.ada.delete(f"uploads/{wanted['id']}").json["type"] == "upload-completed"


def test_a_demoted_instructor_cannot_complete_a_release(people, token_file):
    wanted = archive_item(b"version")
    (granted,) = people.teacher.begin("release", wanted)
    people.teacher.put(granted, b"version")
    demoted = token_file.create(
        {"name": "teacher", "courses": [{"course_id": "cs1", "course_role": "Student"}]}
    )
    answer = people.teacher.call(
        "POST",
        "uploads/complete",
        json={"ids": [wanted["id"]]},
        headers={"Authorization": f"token {demoted}"},
    )
    assert problem_of(answer)["type"] == "role-required"
    assert people.ada.assignments() == []


def test_an_unknown_upload_is_not_found(released):
    assert problem_of(released.ada.complete({"id": str(uuid4())}))["type"] == "not-found"
    assert released.ada.delete(f"uploads/{uuid4()}").status_code == 404
