"""`nbexchange course`: what the operator does with courses and their rosters."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest
from support.database.rosters import administrator
from support.people.commands import run_nbexchange, run_nbexchange_here

from nbexchange.api.db import upgrade as schema
from nbexchange.api.db.engine import connect
from nbexchange.api.rosters.change import name_course

OFF = "nbexchange: database_roster is off: rosters give no roles\n"


@pytest.fixture
def run(tmp_path):
    """Run a command where `cs1` is; gives what it printed, and fails at another exit status."""

    def run_course(*arguments, status=0, database_roster="True"):
        settings = {"NBEXCHANGE_DATABASE_ROSTER": database_roster}
        done = run_nbexchange_here(tmp_path, "course", *arguments, **settings)
        assert done.status == status, done.err
        assert "Traceback" not in done.err
        return done.err if status else done.out + done.err

    (tmp_path / "data").mkdir()
    database = connect(f"sqlite:///{tmp_path}/data/nbexchange.sqlite")
    schema.prepare(database)
    name_course(administrator(database), "cs1", "Computing")
    yield run_course
    database.engine.dispose()


def test_courses_are_made_listed_and_filled(run):
    assert run("create", "cs1", "--org=2") == "cs1 of organisation 2 is made.\n"
    assert run("add", "cs1", "boss", "--role=instructor") == "1 added: boss\n"
    assert run("add", "cs1", "ada", "ben") == "2 added: ada, ben\n"
    assert run("add", "cs1", "zoe", "--org=2") == "1 added: zoe\n"
    assert run("show", "cs1").splitlines()[1:] == ["ada,student,,,", "ben,student,,,", "boss,instructor,,,"]
    assert run("remove", "cs1", "ben", "nobody-here") == "1 removed: ben\n1 not on the roster: nobody-here\n"
    assert run("list").splitlines() == [
        "org_id,course_id,title,students,graders,instructors",
        "1,cs1,Computing,1,0,1",
        "2,cs1,,1,0,0",
    ]
    first, _ = json.loads(run("list", "--json"))["courses"]
    assert first == {
        "org_id": "1",
        "course_id": "cs1",
        "title": "Computing",
        "students": 1,
        "graders": 0,
        "instructors": 1,
    }


def test_what_show_prints_is_a_file_that_add_takes(run, tmp_path):
    file = tmp_path / "roster.csv"
    file.write_text("id,first_name,last_name,role,seat\nada,Ada,Lovelace,,7\nboss,,,instructor,\n")
    told = "nbexchange: not used: the columns seat\n"
    assert run("add", "cs1", f"--file={file}") == f"2 added: ada, boss\n{told}"
    file.write_text(run("show", "cs1"))
    assert "ada,student,Ada Lovelace,," in file.read_text()
    run("remove", "cs1", "boss")
    run("add", "cs1", "stranger")
    rehearsed = run("add", "cs1", f"--file={file}", "--replace", "--dry-run")
    done = run("add", "cs1", f"--file={file}", "--replace")
    assert done == "1 added: boss\n1 removed: stranger\n1 as before\n"
    assert rehearsed == f"Nothing was changed; this would be:\n{done}"
    assert run("show", "cs1") == file.read_text()
    assert "Nothing was changed" in run("remove", "cs1", "boss", "--dry-run")
    assert run("show", "cs1") == file.read_text()


def test_a_title_can_be_changed_and_is_not_lost(run):
    assert run("create", "cs1") == "cs1 of organisation 1 was there before.\n"
    assert "1,cs1,Computing," in run("list")
    run("create", "cs1", "--title=Informatik")
    assert "1,cs1,Informatik," in run("list")


def test_an_administrator_is_told_that_rosters_count_for_nothing(run):
    assert run("add", "cs1", "ada", database_roster="False") == f"1 added: ada\n{OFF}"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("create",), "usage: nbexchange course create COURSE"),
        (("create", "cs2", "cs3"), "usage: "),
        (("create", "a/b"), "cannot be used as a file name"),
        (("add", "cs1"), "usage: nbexchange course add COURSE NAME"),
        (("add", "cs1", "ada", "--replace"), "usage: "),
        (("add", "cs1", "ada", "--file=x.csv"), "usage: "),
        (("add", "cs1", "ada", "--role=king"), "nbexchange: --role expected any of"),
        (("add", "cs1", "a/b"), "'a/b' cannot be used as a file name"),
        (("add", "cs1", "--file=/nowhere.csv"), "No such file"),
        (("add", "cs1", "--file=/dev/null"), "/dev/null is no roster: its first line has no heading 'name'"),
        (("add", "cs9", "ada"), "There is no course 'cs9' in organisation '1'."),
        (("add", "cs1", "ada", "--org=9"), "There is no course 'cs1' in organisation '9'."),
        (("add", "cs1", "ada", "--dryrun=true"), "there is no option --dryrun"),
        (("add", "cs1", "ada", "--orga=2"), "there is no option --orga"),
        (("add", "cs1", "ada", "--CourseAdd.dryrun=True"), "there is no option --CourseAdd.dryrun"),
        (("add", "cs1", "--file=~nobody-here/x.csv"), "No such file"),
        (("--org=2", "add", "cs1", "ada"), "options come after the command: nbexchange course add"),
        (("add", "cs1", "ada", "--port=1"), "there is no option --port"),
        (("add", "cs1", "ada", "--role"), "nbexchange: --CourseAdd.role needs a value"),
        (
            ("add", "cs1", "ada", "--NbExchange.port=1"),
            "nbexchange course add makes no use of --NbExchange.port",
        ),
        (("remove", "cs1"), "usage: "),
        (("remove", "cs9", "ada"), "no course 'cs9'"),
        (("show", "cs9"), "no course 'cs9'"),
        (("show", "cs1", "cs2"), "usage: "),
        (("list", "cs1"), "knows no 'cs1'"),
        (("delete", "cs1"), "knows no 'delete'; there is create, list, show, add, remove"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_cannot_be_is_told_in_a_line_and_changes_nothing(run, arguments, why, tmp_path):
    assert why in run(*arguments, status=1)
    with closing(sqlite3.connect(tmp_path / "data" / "nbexchange.sqlite")) as database:
        counted = [database.execute(f"SELECT count(*) FROM {t}").fetchone() for t in ("membership", "course")]
    assert counted == [(0,), (1,)]


def test_without_a_schema_it_says_what_to_do(tmp_path):
    done = run_nbexchange(tmp_path, "course", "create", "cs1")
    assert (done.returncode, done.stdout) == (1, "")
    assert "run `nbexchange db upgrade`" in done.stderr
