"""`jupyter nbexchange roster`: what an instructor does with the graders and students of a course."""

from __future__ import annotations

import re
from dataclasses import replace

import msgspec
import pytest
from support.database.rosters import as_administrator
from support.faults.impostor import impostor

from nbexchange.protocol import Member, Roster

HEADINGS = ["NAME", "ROLE", "FULL NAME", "E-MAIL", "ID AT THE PLATFORM"]


@pytest.fixture
def services(services):
    return replace(services, has_rosters=True)


@pytest.fixture
def roster(desks):
    """The teacher's command; gives what it printed, and fails at another exit status."""

    def run(*arguments, status=0):
        said = desks.teacher.ask("roster", *arguments)
        assert said.status == status, said.err
        return said.err if status else said.out + said.err

    return run


def names(desks):
    return [member["name"] for member in desks.teacher.ask("roster", "--json").json["members"]]


def test_people_are_put_on_it_shown_changed_and_taken_off(roster, desks):
    assert roster() == "Nobody is on the roster of cs1.\n"
    assert roster("add", "carol", "dan") == "2 added: carol, dan\n"
    assert roster("add", "dan", "--role=grader") == "1 changed: dan\n"
    headings, *rows = roster().splitlines()
    assert re.split(" {2,}", headings) == HEADINGS
    assert [row.split() for row in rows] == [
        ["carol", "student", "-", "-", "-"],
        ["dan", "grader", "-", "-", "-"],
    ]
    assert roster("remove", "dan", "eve") == (
        "1 removed: dan\n  of whom were more than students: dan (grader)\n1 not on the roster: eve\n"
    )
    assert names(desks) == ["carol"]


def test_the_file_of_nbgraders_own_import_makes_a_roster(roster, desks):
    file = desks.teacher.write(
        "students.csv", "id,first_name,last_name,email,section\ncarol,Carol,C,c@example.org,7\n"
    )
    assert roster("add", f"--file={file}") == "1 added: carol\nNot used: the columns section\n"
    assert roster("--csv").splitlines() == [
        "name,role,full_name,email,lms_user_id",
        "carol,student,Carol C,c@example.org,",
    ]


def test_a_roster_is_made_equal_to_a_file_after_a_rehearsal(roster, desks):
    roster("add", "carol", "dan", "eve")
    file = desks.teacher.write("roster.csv", roster("--csv").replace("dan,student,,,\n", "finn,grader,,,\n"))
    done = "1 added: finn\n1 removed: dan\n2 as before\n"
    options = ("add", f"--file={file}", "--replace")
    assert roster(*options, "--dry-run") == f"Nothing was changed; this would be:\n{done}"
    assert names(desks) == ["carol", "dan", "eve"]
    assert roster(*options) == done
    assert roster(*options) == "3 as before\n"
    assert "Nothing was changed" in roster("remove", "eve", "--dry-run")
    assert names(desks) == ["carol", "eve", "finn"]


def test_programs_are_told_every_name(desks):
    people = [f"s{n}" for n in range(30)]
    assert desks.teacher.ask("roster", "add", *people, "--json").json == {
        "course_id": "cs1",
        "added": people,
        "changed": [],
        "removed": [],
        "removed_staff": {},
        "absent": [],
        "unchanged": 0,
        "dry_run": False,
    }
    (first, *_) = desks.teacher.ask("roster", "--json").json["members"]
    nothing = dict.fromkeys(("full_name", "email", "lms_user_id"))
    assert first == {"name": "s0", "role": "student", **nothing}


def test_instructors_are_the_operators(roster, desks, database):
    as_administrator(database, ("boss", "instructor"))
    promoted = desks.teacher.write("a.csv", "name,role\ndan,instructor")
    same = desks.teacher.write("b.csv", roster("--csv"))
    for said in (
        roster("remove", "boss", status=1),
        roster("add", "boss", "--role=student", status=1),
        roster("add", f"--file={promoted}", status=1),
    ):
        assert "only the administrator of the exchange can change. Nothing was changed: ask them" in said
    assert names(desks) == ["boss"]
    assert roster("add", f"--file={same}", "--replace") == "1 as before\n"


def test_a_student_is_told_whom_to_ask(desks):
    for arguments in ((), ("add", "mole"), ("remove", "ben")):
        said = desks.ada.ask("roster", *arguments)
        assert (said.status, said.out) == (1, "")
        assert "Ask an instructor of the course to do it." in said.err


def test_an_exchange_without_rosters_says_so(desks, services):
    object.__setattr__(services, "has_rosters", False)
    for arguments in ((), ("add", "carol"), ("remove", "carol")):
        said = desks.teacher.ask("roster", *arguments)
        assert said.status == 1
        assert "keeps no rosters" in said.err
        assert "ask the administrator of the exchange how people get into your course" in said.err


def test_the_course_is_the_configured_one_or_another_that_is_named(desks):
    assert "no course 'art' here" in desks.teacher.ask("roster", "--course=art").err
    assert "no course 'art' here" in desks.teacher.ask("roster", "add", "x", "--course=art").err
    desks.teacher.configure("c.CourseDirectory.course_id = ''")
    assert "Which course? Add --course=" in desks.teacher.ask("roster").err


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("add",), "Usage: jupyter-nbexchange roster add NAME"),
        (("add", "ada", "--replace"), "Usage: "),
        (("add", "ada", "--file=roster.csv"), "Usage: "),
        (("add", "--file=roster.csv", "--role=grader"), "Usage: "),
        (("add", "ada", "--role=instructor"), "roster add: --role expected any of"),
        (("add", "--file=nowhere.csv"), "No such file or directory (nowhere.csv). Nothing was changed"),
        (("add", "--file=/dev/null"), "/dev/null is no roster: its first line has no heading 'name'"),
        (("add", "ada", "--couse=cs2"), "there is no option --couse"),
        (("add", "ada", "--dryrun=true"), "there is no option --dryrun"),
        (("add", "ada", "--force"), "there is no option --force"),
        (("add", "--file=~nobody-here/x.csv"), "No such file or directory"),
        (("add", "a/b"), "'a/b' cannot be used as a file name"),
        (("remove",), "Usage: jupyter-nbexchange roster remove NAME"),
        (("ad", "ada"), "takes no 'ad'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_cannot_be_is_told_in_a_sentence_and_changes_nothing(roster, desks, arguments, why):
    said = roster(*arguments, status=1)
    assert why in said
    assert "Traceback" not in said
    assert names(desks) == []


@pytest.mark.parametrize("command", ["add", "remove"])
def test_each_command_explains_itself(desks, command):
    said = desks.teacher.ask("roster", command, "--help")
    assert (said.status, said.err) == (0, "")
    for setting in ("--json", "--course", "--dry-run"):
        assert setting in said.out


def test_what_a_service_says_does_not_reach_the_terminal_as_it_is(desks):
    roster = Roster("cs1", [Member("carol", "student", "C\u202eC\x1b")])
    with impostor((200, "application/json", msgspec.json.encode(roster))) as (url, _):
        desks.teacher.url = url
        said = desks.teacher.ask("roster")
    assert r"carol  student  C\u202eC\x1b" in said.out
