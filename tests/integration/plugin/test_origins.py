"""A fetched folder remembers where it came from: no other course takes it for its own, and it never travels."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace

import pytest
from nbgrader.exchange.abc.exchange import ExchangeError
from support.people.classroom import Desk, collected, listed_lines

from nbexchange.plugin import (
    ExchangeCollect,
    ExchangeFetchAssignment,
    ExchangeFetchFeedback,
    ExchangeList,
    ExchangeReleaseAssignment,
    ExchangeSubmit,
)
from nbexchange.plugin.origins import ORIGIN

ADVICE = r"Nothing was changed: move it away, .* c\.Exchange\.path_includes_course = True\."


@pytest.fixture
def courses(released, token_file, tmp_path, gradebook_template) -> SimpleNamespace:
    """`ps1` is released in cs1 and in phys; the classroom's eve and mia are student and instructor of both."""

    def desk(name, role):
        roles = [{"course_id": course, "course_role": role} for course in ("cs1", "phys")]
        token = token_file.create({"name": name, "org_id": 1, "courses": roles})
        return Desk(tmp_path / "homes" / name, released.ada.url, token)

    both = SimpleNamespace(eve=desk("eve", "Student"), teacher=desk("mia", "Instructor"))
    both.teacher.write("release/ps1/p1.ipynb", "of phys")
    both.teacher.run(ExchangeReleaseAssignment, "ps1", "phys")
    both.eve.home.mkdir()
    shutil.copy(gradebook_template, both.teacher.home / "gradebook.db")
    return both


def origin_of(desk, folder="ps1"):
    return json.loads((desk.home / folder / ORIGIN).read_text())


def statuses(desk):
    return {info["course_id"]: info["status"] for info in desk.run(ExchangeList, course="")}


def test_a_fetched_folder_says_course_assignment_version_and_digest(released, people):
    released.teacher.run(ExchangeReleaseAssignment, "ps1", force=True)
    released.ada.run(ExchangeFetchAssignment, "ps1")
    (entry,) = people.ada.assignments()
    assert origin_of(released.ada) == {
        "course_id": "cs1",
        "assignment_id": "ps1",
        "version": 2,
        "sha256": entry["release"]["sha256"],
    }


def test_what_was_fetched_for_one_course_is_no_copy_of_anothers(courses):
    courses.eve.run(ExchangeFetchAssignment, "ps1", "cs1")
    assert statuses(courses.eve) == {"cs1": "fetched", "phys": "released"}
    assert courses.eve.messages == ["Released assignments:", "cs1 ps1 (already downloaded)", "phys ps1"]


def test_work_of_one_course_is_not_submitted_to_another(courses):
    courses.eve.run(ExchangeFetchAssignment, "ps1", "cs1")
    path = courses.eve.home / "ps1"
    told = (
        f"^{path} is not ps1 of phys: it was fetched as ps1 of cs1. Nothing was submitted: name the course "
    )
    with pytest.raises(ExchangeError, match=told):
        courses.eve.run(ExchangeSubmit, "ps1", "phys")
    assert courses.eve.run(ExchangeList, course="", cached=True) == []
    courses.eve.run(ExchangeSubmit, "ps1", "cs1")


@pytest.mark.parametrize("replace", [False, True])
def test_what_is_fetched_does_not_go_into_another_courses_folder(courses, replace):
    courses.eve.run(ExchangeFetchAssignment, "ps1", "cs1")
    before = courses.eve.files()
    with pytest.raises(ExchangeError, match=rf"is not ps1 of phys: it was fetched as ps1 of cs1\. {ADVICE}"):
        courses.eve.run(ExchangeFetchAssignment, "ps1", "phys", replace_missing_files=replace)
    assert courses.eve.files() == before


def test_feedback_does_not_go_into_another_courses_folder(courses):
    courses.eve.run(ExchangeFetchAssignment, "ps1", "cs1")
    with pytest.raises(ExchangeError, match=ADVICE):
        courses.eve.run(ExchangeFetchFeedback, "ps1", "phys")


def test_a_folder_for_each_course_keeps_them_apart(courses):
    config = {"Exchange": {"path_includes_course": True}}
    for course in ("cs1", "phys"):
        courses.eve.run(ExchangeFetchAssignment, "ps1", course, config=config)
        courses.eve.run(ExchangeSubmit, "ps1", course, config=config)
        assert origin_of(courses.eve, f"{course}/ps1")["course_id"] == course


def test_a_folder_that_was_copied_for_another_assignment_is_not_submitted_as_that(released):
    released.teacher.write("release/ps2/p1.ipynb")
    released.teacher.run(ExchangeReleaseAssignment, "ps2")
    released.ada.run(ExchangeFetchAssignment, "ps1")
    (released.ada.home / "ps1").rename(released.ada.home / "ps2")
    with pytest.raises(ExchangeError, match="is not ps2 of cs1: it was fetched as ps1 of cs1"):
        released.ada.run(ExchangeSubmit, "ps2")


def test_no_course_has_to_be_named_where_the_folder_knows_it(courses):
    courses.eve.configure('c.CourseDirectory.course_id = ""')
    courses.eve.nbgrader("fetch_assignment", "ps1", "--course=phys")
    courses.eve.write("ps1/p1.ipynb", "of eve")
    assert "Submitted as: phys ps1 " in courses.eve.nbgrader("submit", "ps1")
    courses.teacher.run(ExchangeCollect, "ps1", "phys")
    assert collected(courses, "eve")["p1.ipynb"] == b"of eve"
    (courses.eve.home / "ps1" / "p1.ipynb").unlink()
    assert "Fetched as: phys ps1 " in courses.eve.nbgrader("fetch_assignment", "ps1", "--replace")
    assert "Could not find feedback for 'phys/ps1' submitted at" in courses.eve.nbgrader(
        "fetch_feedback", "ps1"
    )
    (courses.eve.home / "ps1" / ORIGIN).unlink()
    assert "No course id specified" in courses.eve.nbgrader("submit", "ps1", status=1)


# --- it stays where it is -----------------------------------------------------------------------------------


def test_it_is_neither_submitted_nor_released_nor_taken_from_an_archive(released, monkeypatch):
    forged = b'{"course_id": "phys", "assignment_id": "ps1"}'
    for depth in ("", "part/"):
        released.teacher.write(f"release/ps1/{depth}{ORIGIN}", forged)
    released.teacher.run(ExchangeReleaseAssignment, "ps1", force=True)
    released.ada.run(ExchangeFetchAssignment, "ps1")
    assert origin_of(released.ada)["course_id"] == "cs1"
    assert not (released.ada.home / "ps1" / "part" / ORIGIN).exists()
    released.ada.run(ExchangeSubmit, "ps1")
    released.ben.write("ps1/p1.ipynb")
    released.ben.write(f"ps1/part/{ORIGIN}/p2.ipynb", forged)
    with monkeypatch.context() as patch:  # a client of their own making sends it
        patch.setattr("nbexchange.plugin.archives.packing.stays_here", lambda _: False)
        released.ben.run(ExchangeSubmit, "ps1")
    released.teacher.run(ExchangeCollect, "ps1")
    assert list((released.teacher.home / "submitted").rglob(ORIGIN)) == []


# --- folders that do not know -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        None,
        "",
        "no JSON",
        "[]",
        '{"course_id": 1, "assignment_id": "ps1"}',
        '{"course_id": "../phys", "assignment_id": "ps1"}',
        '{"course_id": "phys", "assignment_id": "ps1"' + " " * 20_000 + "}",
        b'{"course_id": "\xff", "assignment_id": "ps1"}',
        '{"course_id": "phys", "assignment_id": "ps1", "x": ' + "[" * 10_000,
    ],
)
def test_a_folder_that_knows_nothing_is_a_copy_of_whatever_has_its_name(courses, content):
    courses.eve.write("ps1/p1.ipynb", "mine")
    if content is not None:
        courses.eve.write(f"ps1/{ORIGIN}", content)
    assert statuses(courses.eve) == {"cs1": "fetched", "phys": "fetched"}
    courses.eve.run(ExchangeSubmit, "ps1", "phys")
    with pytest.raises(ExchangeError, match="already have a copy"):
        courses.eve.run(ExchangeFetchAssignment, "ps1", "cs1")


def test_what_a_newer_plugin_adds_to_it_is_ignored(courses):
    courses.eve.write("ps1/p1.ipynb")
    courses.eve.write(f"ps1/{ORIGIN}", '{"course_id": "cs1", "assignment_id": "ps1", "brand_new": [1]}')
    assert statuses(courses.eve) == {"cs1": "fetched", "phys": "released"}


def test_missing_files_are_brought_back_into_a_folder_that_keeps_its_version(released):
    released.ada.run(ExchangeFetchAssignment, "ps1")
    before = origin_of(released.ada)
    released.teacher.run(ExchangeReleaseAssignment, "ps1", force=True)
    (released.ada.home / "ps1" / "p1.ipynb").unlink()
    released.ada.run(ExchangeFetchAssignment, "ps1", replace_missing_files=True)
    assert origin_of(released.ada) == before


def test_the_assignment_list_offers_the_other_courses_assignment(courses):
    courses.eve.run(ExchangeFetchAssignment, "ps1", "cs1")
    lines = listed_lines(courses.eve.nbgrader("list", "--CourseDirectory.course_id=*"))
    assert lines == ["Released assignments:", "cs1 ps1 (already downloaded)", "phys ps1"]
