"""Changes of a roster that are many or at once, and the rows that they leave."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from support.database.rosters import administrator, as_administrator, changed, enrol, roster, unenrol
from support.database.statements import statements
from support.faults.at_once import at_once

from nbexchange.api.db import upgrade as schema
from nbexchange.api.db.engine import connect
from nbexchange.api.db.models import Course, Membership, Person
from nbexchange.api.rosters import change, read
from nbexchange.api.wire import pages
from nbexchange.protocol import MAX_ROSTER, PROTOCOL_HEADER, Enrol, RosterEntry

pytestmark = pytest.mark.databases("sqlite", "postgresql")


def test_two_thousand_students_are_one_request_and_a_constant_number_of_statements(people, database):
    counts = []
    enrol(people.teacher, "the first of the organisation")
    for number in (3, 2_000):
        names = [f"s{number}-{index}" for index in range(number)]
        with statements(database) as seen:
            assert len(changed(enrol(people.teacher, *names))["added"]) == number
        counts.append(len(seen))
        with statements(database) as seen:
            members = [{"name": name, "role": "grader"} for name in names]
            assert len(changed(enrol(people.teacher, *members))["changed"]) == number
        counts.append(len(seen))
        with statements(database) as seen:
            assert len(changed(unenrol(people.teacher, *names))["removed"]) == number
        counts.append(len(seen))
    assert counts[:3] == counts[3:]


def test_a_roster_of_the_largest_size_is_taken_in_one_call(people, database):
    entries = [
        RosterEntry(f"s{n}", None, f"Student {n}", f"s{n}@example.org", f"{n}") for n in range(MAX_ROSTER)
    ]
    context = administrator(database)
    change.name_course(context, "cs1")
    assert len(change.enrol(context, Enrol("cs1", entries)).added) == MAX_ROSTER
    assert len(roster(people.teacher)) == MAX_ROSTER
    assert len(changed(unenrol(people.teacher, *roster(people.teacher)))["removed"]) == MAX_ROSTER


def test_changes_of_one_roster_take_turns(empty_postgresql):
    database = connect(empty_postgresql)
    schema.prepare(database)
    as_administrator(database, ("boss", "instructor"))
    context = administrator(database)
    with context.write() as first, pytest.raises(OperationalError, match="lock timeout"):
        change.enrol_in(first, Enrol("cs1", [RosterEntry("carol")]))
        with context.write() as second:
            second.session.execute(text("SET LOCAL lock_timeout = '200ms'"))
            change.enrol_in(second, Enrol("cs1", [RosterEntry("dan")]))
    database.engine.dispose()


def test_two_at_once_make_the_roster_of_one_of_them(people):
    """As many students that both name for the first time as it takes to get in each other's way."""
    mine, hers = [f"s{n}" for n in range(50)], [f"s{n}" for n in reversed(range(25, 75))]
    answers = at_once(
        lambda: enrol(people.teacher, *mine, replace=True),
        lambda: enrol(people.colleague, *hers, replace=True),
    )
    assert [answer.status_code for answer in answers] == [200, 200]
    assert sorted(roster(people.teacher)) in (sorted(mine), sorted(hers))


def test_a_student_submits_while_the_roster_is_made(people, database):
    people.teacher.release()
    names = ["ada", "ben", *(f"s{n}" for n in range(200))]
    answers = at_once(
        lambda: enrol(people.teacher, *names).status_code,
        lambda: people.ada.submit()["attempt"],
        lambda: people.colleague.submit(student_id="s7")["attempt"],
    )
    assert answers == [200, 1, 1]


def test_a_row_that_joins_two_organisations_is_impossible(people, database):
    enrol(people.teacher, "carol")
    enrol(people.other_teacher, "carol")
    with database.read() as session:
        rows = session.execute(
            select(Membership.org_pk, Course.org_pk, Person.org_pk)
            .join(Course, Course.pk == Membership.course_pk)
            .join(Person, Person.pk == Membership.person_pk)
        ).all()
    assert len(rows) == 2
    assert all(len(set(row)) == 1 for row in rows)


@pytest.mark.parametrize(("rows", "size"), [(2, 1 << 20), (2000, 100)], ids=["rows", "bytes"])
def test_a_roster_comes_in_pages_of_rows_and_bytes_and_as_a_whole_to_who_knows_none(
    people, monkeypatch, rows, size
):
    enrol(people.teacher, *(f"s{number}" for number in range(5, 0, -1)))
    whole = people.teacher.get("roster", course_id="cs1").json
    monkeypatch.setattr(read, "PAGE", rows)
    monkeypatch.setattr(pages, "PAGE_BYTES", size)
    members, cursor = [], {}
    while True:
        page = people.teacher.call(
            "GET", "roster", query_string={"course_id": "cs1", **cursor}, headers={PROTOCOL_HEADER: "2"}
        ).json
        assert 0 < len(page["members"]) < 5
        members += page["members"]
        if "cursor" not in page:
            break
        cursor = {"cursor": page["cursor"]}
    assert sorted(members, key=lambda member: member["name"]) == whole["members"]
    assert people.teacher.get("roster", course_id="cs1").json == whole
