"""A student who wants to replace work after it was handed in, or to hand it in before its time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from support.database.ledger import count, state_of
from support.people.callers import archive_item, outcome, problem_of
from support.people.hostile_student import ON_BOTH_STORES, sizes, submissions
from support.stores.object_clients import send, with_headers

from nbexchange.api.db.models import Submission


@ON_BOTH_STORES
def test_a_url_cannot_be_used_again_after_the_submission_is_complete(released, wire):
    item = archive_item(b"work")
    (granted,) = released.ada.begin("submission", item)
    assert send(wire("PUT", granted), b"work").status == 200
    record = released.ada.complete(item).json["items"][0]["record"]
    assert send(wire("PUT", granted), b"work").status == 412
    unconditional = with_headers(wire("PUT", granted), {"if-none-match": None})
    assert send(unconditional, b"work").status in {400, 403}
    answer = released.teacher.request("submission", record["id"])
    assert send(wire("GET", answer)).body == b"work"


@ON_BOTH_STORES
def test_a_url_of_ones_own_does_not_open_anothers_place(released, theirs, wire, store):
    (granted,) = released.ada.begin("submission", archive_item(b"evil"))
    mine, ben = urlsplit(wire("PUT", granted).url), urlsplit(wire("PUT", theirs.granted).url)
    crossed = replace(wire("PUT", granted), url=mine._replace(path=ben.path).geturl())
    assert send(crossed, b"evil").status == 403
    assert len(b"evil") not in sizes(store)


def test_an_upload_of_another_can_be_neither_completed_nor_given_up(released, theirs, database):
    released.ben.put(theirs.granted, b"ben's next")
    for stolen in (theirs.pending["id"], theirs.submission["id"]):
        assert problem_of(released.ada.complete({"id": stolen}))["type"] == "not-found"
        assert released.ada.delete(f"uploads/{stolen}").status_code == 404
    assert state_of(database, theirs.pending["id"]) == "pending"
    assert released.ada.get("uploads").json["items"] == []


def test_nobody_submits_or_removes_for_another(released, theirs, database):
    forged = archive_item(b"evil", student_id="ben")
    assert problem_of(released.ada.initiate("submission", forged))["type"] == "role-required"
    assert outcome(released.ada.remove(theirs.submission)) == "not-found"
    (entry,) = released.ben.assignments()
    assert [attempt["id"] for attempt in entry["submissions"]] == [theirs.submission["id"]]
    assert count(database, Submission, Submission.hidden_from_owner | Submission.hidden_from_course) == 0


# --- to backdate -----------------------------------------------------------------------------------------


LONG_AGO = "2020-01-01T00:00:00.000000Z"


@pytest.mark.parametrize("field", ["submitted_at", "stamp", "initiated_at", "completed_at", "expires_at"])
def test_an_instant_of_the_clients_is_refused(released, database, field):
    answer = released.ada.initiate("submission", archive_item(b"work", **{field: LONG_AGO}))
    assert "invalid-request" in answer.text
    assert submissions(database) == 0


def test_neither_a_header_nor_a_parameter_changes_the_stamp(released):
    before = datetime.now(UTC)
    item = archive_item(b"work")
    body = {"kind": "submission", "course_id": "cs1", "assignment_id": "ps1", "items": [item]}
    headers = dict.fromkeys(("Date", "X-Date", "X-Amz-Date", "If-Modified-Since", "Last-Modified"), LONG_AGO)
    answer = released.ada.call("POST", "uploads", json=body, headers=headers)
    assert datetime.fromisoformat(answer.json["items"][0]["submitted_at"]) >= before
    assert released.ada.call("POST", "uploads?now=2020", json=body).status_code == 400


@ON_BOTH_STORES
def test_what_was_announced_before_a_deadline_cannot_become_other_work_after_it(released, wire, store):
    early = archive_item(b"nothing yet")
    (granted,) = released.ada.begin("submission", early)
    later = archive_item(b"better work", id=early["id"])
    request = wire("PUT", granted)
    digest = released.ada.begin("submission", archive_item(b"better work"))[0]["headers"]
    for forged in (request, with_headers(request, digest)):
        assert send(forged, b"better work").status in {400, 403}
    assert len(sizes(store)) == 1
    assert problem_of(released.ada.initiate("submission", later))["type"] == "id-reused"
    assert problem_of(released.ada.complete(early))["type"] == "object-missing"


def test_an_upload_that_was_given_up_does_not_come_back_with_its_early_stamp(released):
    item = archive_item(b"work")
    (granted,) = released.ada.begin("submission", item)
    released.ada.delete(f"uploads/{item['id']}")
    assert released.ada.put(granted, b"work") == 200
    assert problem_of(released.ada.initiate("submission", item))["type"] == "upload-aborted"
    assert problem_of(released.ada.complete(item))["type"] == "upload-aborted"
    assert released.teacher.submissions() == []
