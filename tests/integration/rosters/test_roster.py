"""What the roster of a course is worth, and what else knows of it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from sqlalchemy import update
from support.database.rosters import administrator, as_administrator, changed, enrol, log, roster, unenrol
from support.database.statements import statements
from support.people.callers import Caller, archive_item

from nbexchange.api.db.models import Course
from nbexchange.api.problems import NotFound
from nbexchange.api.rosters.change import name_course
from nbexchange.api.rosters.read import list_roster

pytestmark = pytest.mark.databases("sqlite", "postgresql")


@pytest.fixture
def newcomers(app, token_file):
    """Ada and Carol of this organisation and an Ada of another, whose tokens name no course."""

    def caller(name, org_id="1"):
        token = token_file.create({"name": name, "org_id": org_id, "courses": []})
        return Caller(name, app.test_client(), token)

    return SimpleNamespace(ada=caller("ada"), carol=caller("carol"), other_ada=caller("ada", "2"))


def test_who_is_put_on_a_roster_may_what_the_role_allows_at_once(people, newcomers):
    assert newcomers.carol.get("me").json["courses"] == []
    assert changed(enrol(people.teacher, "carol")) == {"added": ["carol"]}
    assert newcomers.carol.get("me").json["courses"] == [{"course_id": "cs1", "role": "student"}]
    people.teacher.release()
    assert newcomers.carol.submit()["student_id"] == "carol"
    assert changed(enrol(people.teacher, {"name": "carol", "role": "grader"})) == {"changed": ["carol"]}
    assert len(newcomers.carol.submissions()) == 1


def test_a_course_of_before_whose_id_could_be_taken_for_another_gives_no_role_and_shuts_nobody_out(
    people, newcomers, database
):
    enrol(people.teacher, "carol")
    with database.write() as session:
        session.execute(update(Course).values(course_id="cs1 "))
    answer = newcomers.carol.get("me")
    assert (answer.status_code, answer.json["courses"]) == (200, [])


def test_who_is_taken_off_it_may_nothing_more_at_once(people, newcomers):
    enrol(people.teacher, "carol")
    people.teacher.release()
    record = newcomers.carol.submit()
    assert changed(unenrol(people.teacher, "carol")) == {"removed": ["carol"]}
    assert newcomers.carol.get("assignments", course_id="cs1").status_code == 404
    assert newcomers.carol.initiate("submission", archive_item(b"w")).status_code == 404
    assert [r["id"] for r in people.teacher.submissions()] == [record["id"]]


def test_the_stronger_of_two_roles_holds(people):
    enrol(people.teacher, {"name": "ada", "role": "grader"}, {"name": "grader", "role": "student"})
    assert people.ada.get("me").json["courses"][0]["role"] == "grader"
    assert people.grader.get("me").json["courses"][0]["role"] == "grader"


def test_a_roster_is_one_organisations_and_one_courses(people, newcomers):
    enrol(people.teacher, {"name": "ada", "role": "grader"})
    assert newcomers.other_ada.get("me").json["courses"] == []
    assert [c["course_id"] for c in newcomers.ada.get("me").json["courses"]] == ["cs1"]
    assert roster(people.other_teacher) == {}
    enrol(people.other_teacher, "zoe")
    assert roster(people.teacher) == {"ada": "grader"}


def test_a_roster_is_read_in_one_statement_and_is_empty_or_unknown_without_members(people, database):
    context = administrator(database)
    enrol(people.teacher, "carol")
    with statements(database) as seen:
        assert list(list_roster(context, "cs1")) == ["carol"]
    assert len([statement for statement in seen if not statement.startswith("BEGIN")]) == 1
    unenrol(people.teacher, "carol")
    assert list_roster(context, "cs1") == {}
    with pytest.raises(NotFound, match="'cs9'"):
        list_roster(context, "cs9")


def test_an_installation_without_rosters_says_so_and_heeds_none(people, newcomers, services, database):
    as_administrator(database, ("carol", "instructor"))
    enrol(people.teacher, {"name": "ada", "lms_user_id": "7"})
    people.teacher.release()
    people.ada.submit()
    object.__setattr__(services, "has_rosters", False)
    assert newcomers.carol.get("me").json["courses"] == []
    assert "lms_user_id" not in people.teacher.submissions()[0]
    for answer in (
        people.teacher.get("roster", course_id="cs1"),
        enrol(people.teacher, "x"),
        unenrol(people.teacher, "x"),
    ):
        assert (answer.status_code, answer.json["type"]) == (404, "no-roster")


def test_a_course_of_the_roster_has_its_title(people, newcomers, database):
    name_course(administrator(database), "art", "Kunst")
    as_administrator(database, ("carol", "instructor"), course="art")
    (course,) = newcomers.carol.get("me").json["courses"]
    assert course == {"course_id": "art", "role": "instructor", "title": "Kunst"}


# --- what else knows of it ---------------------------------------------------------------------------------


def test_the_log_says_who_did_what_to_whom(people):
    enrol(people.teacher, "carol")
    enrol(people.colleague, {"name": "carol", "role": "grader"})
    unenrol(people.teacher, "carol")
    assert log(people.grader) == [
        ("enrolled", "roster", "teacher", "carol", "student"),
        ("enrolled", "roster", "colleague", "carol", "grader"),
        ("unenrolled", "roster", "teacher", "carol", "grader"),
    ]
    assert log(people.teacher, person="carol", action="unenrolled") == [
        ("unenrolled", "roster", "teacher", "carol", "grader")
    ]
    assert people.ada.get("history").json["actions"] == []


def test_what_the_operator_did_can_be_asked_for(people, database):
    as_administrator(database, ("boss", "instructor"))
    enrol(people.teacher, "carol")
    assert log(people.teacher, person="administrator/shell") == [
        ("enrolled", "roster", "administrator/shell", "boss", "instructor")
    ]


def test_collect_gets_names_from_the_roster_where_a_student_brought_none(people, newcomers):
    contact = {"full_name": "Carol of the Roster", "email": "carol@example.org", "lms_user_id": "7"}
    enrol(people.teacher, {"name": "carol", **contact}, {"name": "ada", **contact})
    people.teacher.release()
    newcomers.carol.submit()
    people.ada.submit()
    records = {record["student_id"]: record for record in people.teacher.submissions()}
    assert {key: records["carol"][key] for key in contact} == contact
    assert records["ada"]["full_name"] == "Ada van Test"
    assert records["ada"]["lms_user_id"] == "7"


def test_no_other_course_sees_what_a_roster_says_of_somebody(people, newcomers, database):
    as_administrator(database, ("carol", "student"), ("stranger", "instructor"), course="cs2")
    enrol(people.teacher, {"name": "carol", "full_name": "A Fool"})
    people.stranger.release(course="cs2")
    newcomers.carol.submit(course="cs2")
    (record,) = people.stranger.submissions("cs2")
    assert "full_name" not in record
