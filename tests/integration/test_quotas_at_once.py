"""Quotas counted by two services at once, and in how many statements."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.database.ledger import count, let_time_pass
from support.database.statements import statements
from support.faults.at_once import at_once
from support.people.callers import SERVICE, Caller, archive_item
from support.people.quotas import begin_and_abort, quotas

from nbexchange.api.db.engine import connect
from nbexchange.api.db.models import Upload
from nbexchange.api.http.application import create_app

pytestmark = pytest.mark.databases("sqlite", "postgresql")


@pytest.fixture
def elsewhere(services, db_url):
    """Gives people as a second process serves them, with connections of its own to the same database."""
    database = connect(db_url)
    app = create_app(replace(services, database=database), SERVICE)
    yield lambda caller: Caller(caller.name, app.test_client(), caller.token)
    database.engine.dispose()


@quotas(submissions_per_minute=1)
def test_of_calls_of_one_person_at_once_on_two_services_only_the_last_place_is_given(
    released, elsewhere, database
):
    begin_and_abort(released.ada)  # while she is new, her own new row makes everybody wait
    let_time_pass(database, minutes=1)
    callers = [released.ada, elsewhere(released.ada)] * 6
    calls = [lambda c=caller: c.initiate("submission", archive_item(b"w")).status_code for caller in callers]
    assert sorted(at_once(*calls)) == [200, *[429] * 11]
    assert count(database, Upload, Upload.kind == "submission") == 2


@quotas(course_bytes=11)
def test_of_calls_of_many_people_at_once_only_the_last_place_in_the_course_is_given(
    released, elsewhere, database
):
    people = [released.ada, released.ben, released.grader, released.teacher, released.colleague]
    callers = [elsewhere(person) if turn % 2 else person for turn, person in enumerate(people)]
    calls = [lambda c=c: c.initiate("submission", archive_item(b"work")).status_code for c in callers]
    assert sorted(at_once(*calls)) == [200, *[429] * 4]
    assert count(database, Upload, Upload.kind == "submission") == 1


@quotas(course_bytes=10**6)
def test_first_releases_with_other_titles_at_once_lock_nobody_out(people, elsewhere, token_file):
    def instructor(turn):
        courses = [{"course_id": "cs1", "course_role": "Instructor", "course_title": f"Title {turn}"}]
        token = token_file.create({"name": f"teacher-{turn}", "courses": courses})
        caller = Caller(f"teacher-{turn}", people.ada.client, token)
        return elsewhere(caller) if turn % 2 else caller

    callers = [instructor(turn) for turn in range(6)]
    for number in range(5):
        calls = [
            lambda c=caller, n=number: c.initiate("release", archive_item(b"v"), assignment=f"ps{n}")
            for caller in callers
        ]
        assert [answer.status_code for answer in at_once(*calls)] == [200] * 6


@quotas(submissions_per_minute=9, submissions_per_day=9, submitted_bytes_per_day=999, course_bytes=999)
def test_counting_takes_as_many_statements_for_a_hundred_items_as_for_one(released, database):
    def begin(number):
        items = [archive_item(b"w", student_id=f"s{n}") for n in range(number)]
        with statements(database) as seen:
            released.teacher.begin("submission", *items)
        return len(seen)

    begin(100)
    assert begin(100) == begin(1)
