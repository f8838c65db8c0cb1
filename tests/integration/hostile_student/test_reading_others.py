"""A student who wants to read what is others', to learn names, or to give feedback."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from support.database.ledger import count
from support.people.callers import archive_item, problem_of, upload_item
from support.people.hostile_student import ON_BOTH_STORES
from support.stores.object_clients import send

from nbexchange.api.db.models import Feedback, Person


def test_ids_of_others_and_unknown_ids_get_the_same_answer(released, theirs):
    for kind in ("release", "submission", "feedback"):
        for existing in (theirs.submission["id"], theirs.feedback["id"], theirs.pending["id"]):
            refused, unknown = released.ada.request(kind, existing), released.ada.request(kind, str(uuid4()))
            assert refused["problem"] == unknown["problem"]
            assert refused["problem"]["status"] == 404
    assert problem_of(released.ada.complete(theirs.pending)) == problem_of(
        released.ada.complete({"id": str(uuid4())})
    )


def test_no_list_shows_the_work_of_others(released, theirs):
    assert released.ada.get("submissions", course_id="cs1").status_code == 403
    assert released.ada.get("submissions", course_id="cs1", student_id="ada").status_code == 403
    for path in ("assignments", "uploads", "me"):
        assert released.ada.get(path, student_id="ben").status_code == 400
    (entry,) = released.ada.assignments()
    assert "submissions" not in entry


@ON_BOTH_STORES
def test_a_url_for_ones_own_work_does_not_lead_to_anothers(released, wire, store):
    mine = archive_item(b"mine")
    (granted,) = released.ada.begin("submission", mine)
    send(wire("PUT", granted), b"mine")
    record = released.ada.complete(mine).json["items"][0]["record"]
    (theirs,) = released.ben.begin("submission", archive_item(b"ben's"))
    send(wire("PUT", theirs), b"ben's")
    request = wire("GET", released.ada.request("submission", record["id"]))
    assert send(request).body == b"mine"
    path = urlsplit(wire("PUT", theirs).url).path
    crossed = replace(request, url=urlsplit(request.url)._replace(path=path).geturl())
    assert send(crossed).status == 403
    assert send(replace(wire("PUT", theirs), method="GET", headers={})).status == 403


def test_feedback_that_was_replaced_is_not_given_any_more(released):
    submission = released.ada.submit()
    old = released.teacher.give_feedback(submission, b"by mistake")
    released.teacher.give_feedback(submission, b"better")
    assert released.ada.request("feedback", old["id"])["problem"]["type"] == "not-found"


# --- to learn names --------------------------------------------------------------------------------------


def test_no_answer_names_anybody_else(released, theirs):
    ada = released.ada
    ada.submit(b"mine")
    ada.download("release", ada.assignments()[0]["release"]["id"])
    item = archive_item(b"w", student_id="somebody")
    answers = [
        *(ada.get(path) for path in ("me", "assignments", "uploads", "history", "submissions")),
        *(ada.get("history", person=name) for name in ("ben", "teacher", "ada")),
        ada.initiate("submission", item),
        ada.complete(theirs.pending),
        ada.post("downloads", {"items": [{"kind": "submission", "id": theirs.submission["id"]}]}),
        ada.delete("assignments", course_id="cs1", assignment_id="ps1"),
    ]
    told = "".join(answer.text for answer in answers)
    assert '"actor":"ada"' in told
    for name in ("ben", "teacher", "colleague"):
        assert name not in told


def test_asking_the_log_for_a_name_tells_nothing_of_it(released, theirs):
    unknown = released.ada.get("history", person="nobody-of-that-name").json
    for name in ("ben", "teacher"):
        assert released.ada.get("history", person=name).json == unknown


@pytest.mark.databases("sqlite", "postgresql")
def test_submitting_in_a_name_does_not_tell_whether_there_is_such_a_person(released, theirs, database):
    before = count(database, Person)

    def refuse(name):
        problem = problem_of(released.ada.initiate("submission", archive_item(b"w", student_id=name)))
        return problem["type"], problem["detail"]

    assert refuse("ben") == refuse("nobody-of-that-name")
    assert count(database, Person) == before + 1  # ada herself


# --- to poison another's feedback ------------------------------------------------------------------------


def feedback_on(record, **values):
    about = {"student_id": record["student_id"], "submission_id": record["id"], "notebook_id": "p1"}
    return upload_item(b"<p>0 points", **about | values)


def test_students_give_no_feedback_to_anybody(released, theirs, database):
    mine = released.ada.submit()
    for record in (mine, theirs.submission):
        by_stamp = feedback_on(record, submission_id=None, submitted_at=record["submitted_at"])
        for item in (feedback_on(record), by_stamp):
            assert released.ada.initiate("feedback", item).json["type"] == "role-required"
    assert count(database, Feedback) == 1
    assert released.ben.download("feedback", theirs.feedback["id"]) == b"for ben"


def test_who_teaches_another_course_reaches_no_feedback_from_there(released, theirs):
    """`stranger` is a student nowhere and an instructor of `cs2`."""
    item = feedback_on(theirs.submission)
    released.stranger.release(course="cs2")
    for target in ({"course": "cs1"}, {"course": "cs2"}, {"course": "cs2", "assignment": "ps2"}):
        answer = released.stranger.initiate("feedback", item, **target)
        assert "not-found" in answer.text
    when = theirs.submission["submitted_at"]
    released.stranger.send(
        "feedback", b"evil", course="cs2", student_id="ben", notebook_id="p1", submitted_at=when
    )
    (entry,) = released.ben.assignments()
    (current,) = entry["submissions"][0]["feedback"]
    assert released.ben.download("feedback", current["id"]) == b"for ben"


def test_a_submission_cannot_pass_for_feedback(released, theirs, database):
    for values in ({"notebook_id": "p1"}, {"submission_id": theirs.submission["id"]}):
        answer = released.ada.initiate("submission", archive_item(b"w", **values))
        assert problem_of(answer)["type"] == "invalid-request"
    mine = released.ada.submit()
    assert released.ada.request("feedback", mine["id"])["problem"]["type"] == "not-found"
