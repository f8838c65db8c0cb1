"""A service that knows more than this plugin: new roles, kinds and verbs, and new answers to one item of a batch."""

from __future__ import annotations

import re

import msgspec
import pytest
from nbgrader.exchange.abc.exchange import ExchangeError
from support.people.callers import archive_item
from support.people.classroom import make_feedback

from nbexchange import protocol
from nbexchange.plugin import (
    ExchangeCollect,
    ExchangeFetchAssignment,
    ExchangeList,
    ExchangeReleaseAssignment,
    ExchangeReleaseFeedback,
    ExchangeSubmit,
)

ME, PENDING = ("GET", "v1/me"), ("GET", "v1/uploads")
INITIATE, COMPLETE = ("POST", "v1/uploads"), ("POST", "v1/uploads/complete")
DOWNLOADS, REMOVALS = ("POST", "v1/downloads"), ("POST", "v1/submissions/remove")


def turn_into(tag):
    """The first item of a batch is of another type."""

    def change(answer):
        answer["items"][0] = {"type": tag, "id": answer["items"][0]["id"], "brand_new": {"a": [1]}}

    return change


# --- roles, kinds and verbs --------------------------------------------------------------------------------


def set_role(answer):
    for course in answer["courses"]:
        course["role"] = "observer"


def test_an_unknown_role_is_shown_as_it_is(desks, newer_answers):
    newer_answers[ME] = set_role
    assert desks.ada.ask("courses").out == "COURSE  ROLE      TITLE\ncs1     observer  -\n"
    assert desks.ada.ask("whoami", "--json").json["courses"][0]["role"] == "observer"
    assert "observer of cs1" in desks.ada.ask("status").out


def test_an_unknown_role_is_treated_as_the_weakest(submitted, newer_answers, calls):
    """The teacher's whole course is not asked for."""
    assert len(submitted.teacher.run(ExchangeList, course="", inbound=True)) == 2
    assert "v1/submissions" in calls
    calls.clear()
    newer_answers[ME] = set_role
    assert submitted.teacher.run(ExchangeList, course="", inbound=True) == []
    assert "v1/submissions" not in calls


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (protocol.Course, {"course_id": "cs1", "role": "observer"}),
        (protocol.Member, {"name": "ada", "role": "observer"}),
        (protocol.RosterChange, {"course_id": "cs1", "removed_staff": {"ada": "observer"}}),
        (protocol.Health, {"status": "fair"}),
        (
            protocol.PendingUpload,
            {
                "id": "7f1c8a5e-8f0e-4d3c-9d53-0d8f4d0f3b11",
                "kind": "video",
                "course_id": "cs1",
                "assignment_id": "ps1",
                "size": 1,
                "sha256": "0" * 64,
                "initiated_at": "2026-01-01T00:00:00Z",
                "expires_at": "2026-01-01T00:00:00Z",
            },
        ),
        (
            protocol.Action,
            {
                "action": "praised",
                "at": "2026-01-01T00:00:00Z",
                "course_id": "cs1",
                "kind": "medal",
                "role": "observer",
            },
        ),
    ],
)
def test_answers_with_values_that_are_not_known_are_read_as_they_are(kind, body):
    read = msgspec.json.decode(msgspec.json.encode(body), type=kind)
    assert msgspec.to_builtins(read).items() >= body.items()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (protocol.DownloadItem, {"kind": "video", "id": "7f1c8a5e-8f0e-4d3c-9d53-0d8f4d0f3b11"}),
        (protocol.RosterEntry, {"name": "ada", "role": "observer"}),
        (protocol.HistoryQuery, {"action": "praised"}),
    ],
)
def test_requests_with_values_that_are_not_known_are_refused(kind, body):
    with pytest.raises(msgspec.ValidationError, match="Invalid enum value"):
        msgspec.convert(body, kind)


def test_the_openapi_document_names_the_known_values():
    schemas = msgspec.json.schema_components([protocol.Member, protocol.Action], ref_template="{name}")[1]
    assert schemas["Member"]["properties"]["role"]["enum"] == ["student", "grader", "instructor"]
    assert "released" in schemas["Action"]["properties"]["action"]["enum"]


def test_unfinished_uploads_of_an_unknown_kind_are_left_alone(released, people, newer_answers, calls):
    """Where too many are pending, the plugin ends those that it knows."""

    def change(answer):
        for item in answer["items"][1:]:
            item["kind"] = "video"

    newer_answers[PENDING] = change
    people.ada.begin("submission", *(archive_item(content) for content in (b"1", b"2", b"3")))
    released.ada.write("ps1/p1.ipynb")
    released.ada.run(ExchangeSubmit, "ps1")
    assert (
        len([path for path in calls if path.startswith("v1/uploads/") and path != "v1/uploads/complete"]) == 1
    )


# --- one item of a batch -----------------------------------------------------------------------------------

NEWER = r"is newer than this plugin .*update nbexchange there\. \(request [0-9a-f-]{36}\)"


def make_two_feedbacks(desks):
    desks.teacher.run(ExchangeCollect, "ps1")
    for student in ("ada", "ben"):
        make_feedback(desks.teacher, student)


def test_an_upload_that_is_not_understood_does_not_stop_the_others(submitted, newer_answers):
    make_two_feedbacks(submitted)
    newer_answers[INITIATE] = turn_into("brand-new")
    with pytest.raises(ExchangeError, match=r"Feedback was not released for: ada/p1\n"):
        submitted.teacher.run(ExchangeReleaseFeedback, "ps1")
    assert "Released feedback for student 'ben'" in submitted.teacher.text
    assert re.search(f"Feedback not released: ada p1: .*{NEWER}", submitted.teacher.text)


def test_an_upload_that_is_wanted_in_parts_does_not_stop_the_others(submitted, newer_answers):
    make_two_feedbacks(submitted)
    newer_answers[INITIATE] = turn_into("multipart")
    with pytest.raises(ExchangeError, match=r"Feedback was not released for: ada/p1\n"):
        submitted.teacher.run(ExchangeReleaseFeedback, "ps1")
    assert "Released feedback for student 'ben'" in submitted.teacher.text
    assert "wants this upload in parts" in submitted.teacher.text


def test_a_record_of_an_unknown_kind_does_not_stop_the_others(submitted, newer_answers):
    """The bytes were sent: that nothing was changed is not said."""
    make_two_feedbacks(submitted)

    def change(answer):
        answer["items"][0]["record"]["kind"] = "brand-new"

    newer_answers[COMPLETE] = change
    with pytest.raises(ExchangeError, match=r"Feedback was not released for: ada/p1\n"):
        submitted.teacher.run(ExchangeReleaseFeedback, "ps1")
    assert "Released feedback for student 'ben'" in submitted.teacher.text
    assert "did not confirm that they are released" in submitted.teacher.text


def test_a_submission_whose_completion_is_not_understood_has_arrived(released, newer_answers):
    newer_answers[COMPLETE] = turn_into("brand-new")
    released.ada.write("ps1/p1.ipynb")
    with pytest.raises(ExchangeError, match=r"Your files have arrived .* \(request "):
        released.ada.run(ExchangeSubmit, "ps1")


@pytest.mark.parametrize(
    ("action", "desk"), [(ExchangeSubmit, "ada"), (ExchangeReleaseAssignment, "teacher")]
)
@pytest.mark.parametrize(("tag", "told"), [("brand-new", NEWER), ("multipart", "wants this upload in parts")])
def test_a_single_upload_that_is_not_understood_is_told_why(released, newer_answers, action, desk, tag, told):
    newer_answers[INITIATE] = turn_into(tag)
    released.ada.write("ps1/p1.ipynb")
    with pytest.raises(ExchangeError, match=told):
        getattr(released, desk).run(action, "ps1")


def test_a_download_that_is_not_understood_does_not_stop_the_others(submitted, newer_answers):
    newer_answers[DOWNLOADS] = turn_into("brand-new")
    with pytest.raises(ExchangeError, match="1 new, 0 updated, 0 unchanged, 1 failed: ada"):
        submitted.teacher.run(ExchangeCollect, "ps1")
    assert "is newer than this plugin" in submitted.teacher.text
    assert "p1.ipynb" in submitted.teacher.files("submitted/ben/ps1")
    with pytest.raises(ExchangeError, match=NEWER):
        submitted.ben.run(ExchangeFetchAssignment, "ps1", replace_missing_files=True)


def test_a_removal_that_is_not_understood_does_not_stop_the_others(submitted, newer_answers):
    newer_answers[REMOVALS] = turn_into("brand-new")
    with pytest.raises(ExchangeError, match=r"Not removed: cs1 \w+ ps1 [^,\n]*\n"):
        submitted.teacher.run(ExchangeList, inbound=True, remove=True)
    assert "is newer than this plugin" in submitted.teacher.text
    assert len([line for line in submitted.teacher.messages if line.startswith("cs1 ")]) == 1


@pytest.mark.parametrize(
    "items", ["another form", None, [1], [{}], [{"type": "brand-new"}], [{"type": "brand-new", "id": "ps1"}]]
)
def test_a_batch_of_which_no_item_can_be_named_is_not_understood_as_a_whole(released, newer_answers, items):
    newer_answers[INITIATE] = lambda answer: answer.update(items=items)
    released.ada.write("ps1/p1.ipynb")
    with pytest.raises(ExchangeError, match=NEWER):
        released.ada.run(ExchangeSubmit, "ps1")
