"""Uploads at once, in one process and on SQLite: `tests/faults/test_two_processes.py` has two on PostgreSQL."""

from __future__ import annotations

import pytest
from support.database.ledger import count
from support.faults.at_once import at_once
from support.people.callers import archive_item

from nbexchange.api.db.models import Action, Person, Release, Submission, Upload

pytestmark = pytest.mark.databases("sqlite")


def test_submits_at_once_become_attempts_without_gap_and_with_distinct_stamps(released):
    items = [archive_item(str(n).encode()) for n in range(3)]
    granted = at_once(*[lambda w=w: released.ada.begin("submission", w)[0] for w in items])
    for number, grant in enumerate(granted):
        released.ada.put(grant, str(number).encode())
    records = at_once(*[lambda w=w: released.ada.complete(w).json["items"][0]["record"] for w in items])
    assert sorted(record["attempt"] for record in records) == [1, 2, 3]
    assert len({record["submitted_at"] for record in records}) == 3


def test_completes_at_once_make_one_submission_and_all_get_the_same_answer(released, database):
    item = archive_item(b"work")
    (granted,) = released.ada.begin("submission", item)
    released.ada.put(granted, b"work")
    answers = at_once(*[lambda: released.ada.complete(item).json] * 8)
    assert all(answer == answers[0] for answer in answers)
    assert count(database, Submission) == 1
    assert count(database, Action, Action.verb == "submitted") == 1


def test_initiates_at_once_with_one_id_make_one_upload(released, database):
    item = archive_item(b"work")
    answers = at_once(*[lambda: released.ada.begin("submission", item)[0]] * 8)
    assert len({answer["submitted_at"] for answer in answers}) == 1
    assert count(database, Upload, Upload.kind == "submission") == 1


def test_of_two_releases_at_once_one_is_released_and_the_other_refused(people, database):
    items = [archive_item(b"one"), archive_item(b"two")]
    callers = [people.teacher, people.colleague]
    for caller, item, body in zip(callers, items, [b"one", b"two"], strict=True):
        (granted,) = caller.begin("release", item)
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
