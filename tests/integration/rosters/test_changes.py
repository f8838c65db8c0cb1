"""Changing the roster of a course: who may, what cannot be, and many at once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from support.database.rosters import administrator, as_administrator, changed, enrol, log, roster, unenrol
from support.database.statements import statements
from support.faults.at_once import at_once

from nbexchange.api.db import upgrade as schema
from nbexchange.api.db.engine import connect
from nbexchange.api.db.models import Course, Membership, Person
from nbexchange.api.problems import NotFound
from nbexchange.api.rosters import change
from nbexchange.protocol import MAX_ROSTER, Enrol, RosterEntry, Unenrol

pytestmark = pytest.mark.databases("sqlite", "postgresql")


@pytest.fixture
def services(services):
    return replace(services, has_rosters=True)


def test_a_change_again_changes_nothing_and_logs_nothing(people):
    enrol(people.teacher, "carol", {"name": "dan", "role": "grader"})
    before = log(people.teacher)
    assert changed(enrol(people.teacher, "carol", {"name": "dan", "role": "grader"})) == {"unchanged": 2}
    unenrol(people.teacher, "carol")
    assert changed(unenrol(people.teacher, "carol", "carol")) == {"absent": ["carol"]}
    assert log(people.teacher) == [*before, ("unenrolled", "roster", "teacher", "carol", "student")]


def test_what_is_left_out_stays_as_it_is(people):
    fields = {"role": "grader", "full_name": "Carol C", "email": "c@example.org", "lms_user_id": "7"}
    enrol(people.teacher, {"name": "carol", **fields})
    assert changed(enrol(people.teacher, "carol")) == {"unchanged": 1}
    assert changed(enrol(people.teacher, {"name": "carol", "email": "new@example.org"})) == {
        "changed": ["carol"]
    }
    (member,) = people.teacher.get("roster", course_id="cs1").json["members"]
    assert member == {"name": "carol", **fields, "email": "new@example.org"}


def test_the_empty_text_erases_what_was_known(people):
    enrol(people.teacher, {"name": "carol", "full_name": "Carol", "email": "wrong@example.org"})
    assert changed(enrol(people.teacher, {"name": "carol", "email": ""})) == {"changed": ["carol"]}
    (member,) = people.teacher.get("roster", course_id="cs1").json["members"]
    assert member == {"name": "carol", "role": "student", "full_name": "Carol"}


def test_a_roster_is_made_equal_to_a_list(people):
    enrol(people.teacher, "carol", "dan", {"name": "eve", "role": "grader"})
    answer = changed(enrol(people.teacher, "dan", {"name": "finn", "role": "grader"}, replace=True))
    assert answer == {
        "added": ["finn"],
        "removed": ["carol", "eve"],
        "removed_staff": {"eve": "grader"},
        "unchanged": 1,
    }
    assert roster(people.teacher) == {"dan": "student", "finn": "grader"}


def test_a_dry_run_says_the_same_and_leaves_no_trace(people, database):
    enrol(people.teacher, "carol", "dan")
    members = ("dan", {"name": "eve", "role": "grader"})
    expected = {"added": ["eve"], "removed": ["carol"], "unchanged": 1}
    before = roster(people.teacher), log(people.teacher)
    assert changed(enrol(people.teacher, *members, replace=True, dry_run=True)) == {
        **expected,
        "dry_run": True,
    }
    assert changed(unenrol(people.teacher, "dan", dry_run=True)) == {"removed": ["dan"], "dry_run": True}
    assert (roster(people.teacher), log(people.teacher)) == before
    with database.read() as session:
        assert session.scalar(select(Person).where(Person.name == "eve")) is None
    assert changed(enrol(people.teacher, *members, replace=True)) == expected


def test_an_instructor_leaves_instructors_alone(people, database):
    as_administrator(database, ("boss", "instructor"), ("carol", "student"))
    for member in (
        {"name": "boss", "role": "student"},
        {"name": "carol", "role": "instructor"},
        {"name": "new", "role": "instructor"},
        {"name": "boss", "full_name": "Fool"},
    ):
        answer = enrol(people.teacher, member, "dan")
        assert (answer.status_code, answer.json["type"]) == (403, "administrator-required")
    assert unenrol(people.teacher, "carol", "boss").status_code == 403
    assert roster(people.teacher) == {"boss": "instructor", "carol": "student"}
    assert changed(enrol(people.teacher, "boss", {"name": "dan"})) == {"added": ["dan"], "unchanged": 1}
    assert changed(enrol(people.teacher, "dan", replace=True)) == {"removed": ["carol"], "unchanged": 1}
    assert roster(people.teacher) == {"boss": "instructor", "dan": "student"}


def test_somebody_cannot_make_themselves_more_than_they_are(people):
    enrol(people.teacher, {"name": "ada", "role": "grader"}, "ben")
    for who in (people.ada, people.ben):
        assert enrol(who, {"name": who.name, "role": "instructor"}).status_code == 403
        assert enrol(who, {"name": "mole", "role": "grader"}).status_code == 403
        assert unenrol(who, "ben").status_code == 403
    assert roster(people.teacher) == {"ada": "grader", "ben": "student"}


@pytest.mark.parametrize(
    "member",
    [
        {"name": ""},
        {"name": ".."},
        {"name": "a/b"},
        {"name": "a\0b"},
        {"name": "x" * 256},
        {"name": "dan", "role": "god"},
        {"name": "dan", "course_id": "cs2"},
        {"name": "dan", "full_name": "D\nN"},
        {"name": "dan", "email": "d\0@example.org"},
        {"name": "dan", "full_name": "N" * 256},
        {"name": "carol"},
    ],
    ids=repr,
)
def test_one_entry_that_cannot_be_and_nothing_is_changed(people, member):
    """The last one is named twice."""
    answer = enrol(people.teacher, "carol", member)
    assert (answer.status_code, answer.json["type"]) == (400, "invalid-request")
    assert roster(people.teacher) == {}


@pytest.mark.parametrize("name", ["Zoë Müller", "a@b.org", "a+b", "李雷", "x" * 255, "service:cs9"])
def test_names_are_taken_as_they_are(people, name):
    enrol(people.teacher, {"name": name, "full_name": "山田\u3000太郎"})
    assert roster(people.teacher) == {name: "student"}
    assert changed(unenrol(people.teacher, name)) == {"removed": [name]}


def test_an_empty_list_empties_no_roster(people):
    enrol(people.teacher, "carol")
    assert enrol(people.teacher, replace=True).status_code == 400
    assert unenrol(people.teacher).status_code == 400
    assert roster(people.teacher) == {"carol": "student"}


def test_a_roster_does_not_grow_beyond_its_limit(people, monkeypatch):
    monkeypatch.setattr(change, "MAX_ROSTER", 2)
    assert changed(enrol(people.teacher, "carol", "dan")) == {"added": ["carol", "dan"]}
    answer = enrol(people.teacher, "eve")
    assert (answer.status_code, answer.json["detail"]) == (400, "A roster has 2 people at the most.")
    assert changed(enrol(people.teacher, "dan", "eve", replace=True))["added"] == ["eve"]


# --- the operator ------------------------------------------------------------------------------------------


def test_the_operator_makes_and_removes_instructors(people, database):
    as_administrator(database, ("boss", "instructor"), ("carol", "student"))
    assert log(people.teacher)[0] == ("enrolled", "roster", "administrator/shell", "boss", "instructor")
    assert as_administrator(database, ("carol", None), make_equal=True).removed == ["boss"]
    assert change.unenrol(administrator(database), Unenrol("cs1", ["carol"])).removed == ["carol"]
    assert roster(people.teacher) == {}


def test_the_operators_course_has_to_be_there(database):
    with pytest.raises(NotFound, match="no course 'cs7'"):
        as_administrator(database, ("boss", "instructor"), course="cs7", create=False)
    with database.read() as session:
        assert session.scalars(select(Person)).all() == []


# --- many, and at once -------------------------------------------------------------------------------------


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
