"""The log: each verb once, with who, for whom, when and which bytes; and who may read what of it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

pytestmark = pytest.mark.databases("sqlite", "postgresql")


def entries(caller, **query):
    return caller.get("history", **query).json["actions"]


def go_round(people):
    """All seven verbs: what nbgrader's cycle leaves behind."""
    release = people.teacher.release(b"version")
    people.ada.download("release", release["id"])
    record = people.ada.submit(b"work")
    people.teacher.download("submission", record["id"])
    people.teacher.note_collected(record)
    feedback = people.teacher.give_feedback(record, b"<p>good</p>")
    people.ada.download("feedback", feedback["id"])
    people.ben.submit(b"other work")
    people.teacher.delete("assignments", course_id="cs1", assignment_id="ps1")
    return {"release": release, "submission": record, "feedback": feedback}


@pytest.fixture
def cycle(scenes):
    """The people after all of that, and what they made."""
    with scenes.copied(go_round) as copy:
        copy.people.records = copy.told
        yield copy.people


def test_each_verb_is_logged_once_with_people_and_digest(cycle):
    logged = [
        (entry["action"], entry["kind"], entry["actor"], entry.get("on_behalf"))
        for entry in reversed(entries(cycle.teacher, course_id="cs1"))
    ]
    assert logged == [
        ("released", "release", "teacher", None),
        ("fetched", "release", "ada", None),
        ("submitted", "submission", "ada", None),
        ("submission_fetched", "submission", "teacher", "ada"),
        ("collected", "submission", "teacher", "ada"),
        ("feedback_released", "feedback", "teacher", "ada"),
        ("feedback_fetched", "feedback", "ada", None),
        ("submitted", "submission", "ben", None),
        ("unreleased", "release", "teacher", None),
    ]


def test_an_entry_names_the_object_its_size_and_digest_and_the_servers_time(cycle):
    (entry,) = entries(cycle.teacher, action="collected")
    record = cycle.records["submission"]
    assert entry["object_id"] == record["id"]
    assert entry["size"] == len(b"work")
    assert entry["sha256"] == hashlib.sha256(b"work").hexdigest()
    assert record["completed_at"] <= entry["at"]
    assert abs(datetime.fromisoformat(entry["at"]) - datetime.now(UTC)) < timedelta(minutes=5)


def test_an_instructor_who_submits_for_a_student_is_named_beside_them(released):
    released.teacher.submit(student_id="ada")
    (entry,) = entries(released.teacher, action="submitted")
    assert (entry["actor"], entry["on_behalf"]) == ("teacher", "ada")


def test_a_student_sees_releases_without_names_and_their_own_actions(cycle):
    actions = [(entry["action"], entry.get("actor")) for entry in reversed(entries(cycle.ada))]
    assert actions == [
        ("released", None),
        ("fetched", "ada"),
        ("submitted", "ada"),
        ("feedback_fetched", "ada"),
    ]
    answer = cycle.ada.get("history").text
    assert "ben" not in answer
    assert "teacher" not in answer


def test_a_student_learns_of_a_version_that_they_may_not_fetch_neither_id_nor_size_nor_digest(released):
    released.teacher.release(b"a version of before", force=True)
    released.teacher.release(b"the current one", force=True)
    for entry in entries(released.ada, action="released"):
        assert entry.keys() == {"action", "at", "course_id", "kind", "assignment_id"}
    assert all("sha256" in entry for entry in entries(released.teacher, action="released"))


@pytest.mark.parametrize("person", ["teacher", "ben"])
def test_a_student_learns_no_name_by_asking_for_it(cycle, person):
    assert entries(cycle.ada, person=person) == []


def test_an_organisation_sees_nothing_of_another(cycle):
    assert entries(cycle.other_teacher) == entries(cycle.other_ada) == entries(cycle.stranger) == []


FILTERS = {
    "assignment": ({"assignment_id": "ps2"}, ["released"]),
    "action": ({"action": "submitted"}, ["submitted", "submitted"]),
    "person who did it": ({"person": "ben"}, ["submitted"]),
    "person or on their behalf": (
        {"person": "ada"},
        ["fetched", "submitted", "submission_fetched", "collected", "feedback_released", "feedback_fetched"],
    ),
    "all of them": ({"person": "ada", "action": "collected", "assignment_id": "ps1"}, ["collected"]),
    "nothing": ({"person": "nobody-here"}, []),
}


@pytest.mark.parametrize("name", FILTERS)
def test_filters_narrow(cycle, name):
    query, expected = FILTERS[name]
    cycle.teacher.release(assignment="ps2")
    assert [entry["action"] for entry in reversed(entries(cycle.teacher, **query))] == expected


def test_times_narrow_and_include_their_ends(cycle):
    everything = entries(cycle.teacher)
    middle = everything[3]["at"]
    assert entries(cycle.teacher, since=middle) == everything[:4]
    assert entries(cycle.teacher, until=middle) == everything[3:]


@pytest.mark.parametrize("limit", [1, 3, 8, 9])
def test_pages_give_everything_once_also_while_the_log_grows(cycle, limit):
    everything = entries(cycle.teacher)
    logged, cursor = [], {}
    while cursor is not None:
        page = cycle.teacher.get("history", limit=limit, **cursor).json
        logged += page["actions"]
        cursor = {"cursor": page["cursor"]} if "cursor" in page else None
        cycle.teacher.release(assignment="later", force=True)
    assert logged == everything


@pytest.mark.parametrize(
    "query",
    [
        {"action": "eaten"},
        {"action": "null"},
        {"action": ["submitted", "collected"]},
        {"limit": 0},
        {"limit": 501},
        {"cursor": "nonsense"},
        {"cursor": "WzEsMl0="},
        {"since": "2026-01-01T00:00:00"},
        {"until": "9999-12-31T23:59:59-23:59"},
        {"person": "a/b"},
        {"assignment_id": ".."},
        {"actor": "ada"},
    ],
    ids=str,
)
def test_a_query_that_does_not_fit_is_refused(cycle, query):
    answer = cycle.teacher.get("history", **query)
    assert (answer.status_code, answer.json["type"]) == (400, "invalid-request")
