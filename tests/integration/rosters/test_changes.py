"""Changing the roster of a course: who may, and what cannot be."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from support.database.rosters import administrator, as_administrator, changed, enrol, log, roster, unenrol

from nbexchange.api.db.models import Person
from nbexchange.api.problems import NotFound
from nbexchange.api.rosters import change
from nbexchange.protocol import Unenrol

pytestmark = pytest.mark.databases("sqlite", "postgresql")


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
        {"name": "dan "},
        {"name": "d\u200ban"},
        {"name": "<dan>"},
        {"name": "dan", "email": "<dan@example.org>"},
        {"name": "dan", "full_name": "="},
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


def test_what_is_said_of_somebody_becomes_plain_text_and_is_the_same_again(people):
    dan = {"name": "dan", "full_name": "=1+<b>Dan\u202e", "email": " dan@example.org "}
    assert changed(enrol(people.teacher, dan)) == {"added": ["dan"]}
    (member,) = people.teacher.get("roster", course_id="cs1").json["members"]
    assert (member["full_name"], member["email"]) == ("1+bDan", "dan@example.org")
    assert changed(enrol(people.teacher, dan)) == {"unchanged": 1}


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
