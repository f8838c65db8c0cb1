"""The lines of `nbgrader list`, exactly."""

from __future__ import annotations

import pytest
from support.people.classroom import Desk, attempt_stamps, give_feedback, listed_lines

from nbexchange.plugin import ExchangeList


def test_the_lines_of_what_is_released(released, token_file, tmp_path):
    for name in ("ps3", "ps2"):
        released.teacher.write(f"release/{name}/p1.ipynb")
        released.teacher.nbgrader("release_assignment", name)
    courses = [{"course_id": course, "course_role": "Instructor"} for course in ("cs1", "art")]
    both = Desk(
        tmp_path / "homes" / "both",
        released.ada.url,
        token_file.create({"name": "both", "org_id": 1, "courses": courses}),
    )
    both.write("release/ps1/p1.ipynb")
    both.nbgrader("release_assignment", "ps1", "--course=art")
    both.nbgrader("fetch_assignment", "ps2")
    downloaded = "cs1 ps2 (already downloaded)"
    title = "Released assignments:"
    everything = [title, "art ps1", "cs1 ps1", downloaded, "cs1 ps3"]
    assert listed_lines(both.nbgrader("list", "--CourseDirectory.course_id=*")) == everything
    assert listed_lines(both.nbgrader("list")) == [title, "cs1 ps1", downloaded, "cs1 ps3"]
    assert listed_lines(both.nbgrader("list", "--course=art")) == [title, "art ps1"]
    assert listed_lines(both.nbgrader("list", "ps3")) == [title, "cs1 ps3"]
    assert listed_lines(both.nbgrader("list", "ps4")) == [title]
    assert listed_lines(both.nbgrader("list", "--remove", "ps1")) == [
        "Removing released assignments:",
        "cs1 ps1",
    ]
    assert listed_lines(both.nbgrader("list", "ps1", "--CourseDirectory.course_id=*")) == [title, "art ps1"]


def test_a_name_that_would_turn_a_line_around_is_written_out(released):
    released.teacher.write("release/ps\u202e1/p1.ipynb")
    released.teacher.nbgrader("release_assignment", "ps\u202e1")
    assert listed_lines(released.ada.nbgrader("list")) == [
        "Released assignments:",
        "cs1 ps1",
        "cs1 ps\\u202e1",
    ]
    assert "ps\\u202e1" in released.ada.ask("list").out


@pytest.mark.parametrize("flag", ["--inbound", "--cached"])
def test_the_lines_of_what_was_submitted_and_its_feedback(submitted, people, flag):
    ada = submitted.ada

    def states():
        title, *attempts = listed_lines(ada.nbgrader("list", flag, "ps1"))
        assert title == "Submitted assignments:"
        starts = [f"cs1 ada ps1 {stamp} (" for stamp in attempt_stamps(people)]
        assert all(map(str.startswith, attempts, starts))
        return [line.partition(" (")[2].rstrip(")") for line in attempts]

    assert states() == ["no feedback available"]
    give_feedback(submitted, "ada")
    ada.nbgrader("submit", "ps1")
    assert states() == ["feedback ready to be fetched", "no feedback available"]
    ada.nbgrader("fetch_feedback", "ps1")
    assert states() == ["feedback already fetched", "no feedback available"]
    (fetched,) = (ada.home / "ps1" / "feedback").rglob("*.html")
    fetched.write_text("not what was released")
    assert states() == ["feedback ready to be fetched", "no feedback available"]
    ada.nbgrader("fetch_feedback", "ps1")
    give_feedback(submitted, "ada", text="better")
    assert states() == ["feedback already fetched", "feedback ready to be fetched"]
    ada.nbgrader("fetch_feedback", "ps1")
    assert states() == ["feedback already fetched"] * 2


def test_the_lines_of_a_whole_course(submitted, people):
    submitted.ada.nbgrader("submit", "ps1")
    first, second = attempt_stamps(people)
    (other,) = attempt_stamps(people, "ben")
    state = "(no feedback available)"
    assert listed_lines(submitted.teacher.nbgrader("list", "--inbound")) == [
        "Submitted assignments:",
        f"cs1 ada ps1 {first} {state}",
        f"cs1 ada ps1 {second} {state}",
        f"cs1 ben ps1 {other} {state}",
    ]
    assert listed_lines(submitted.teacher.nbgrader("list", "--inbound", "--student=b*")) == [
        "Submitted assignments:",
        f"cs1 ben ps1 {other} {state}",
    ]
    assert listed_lines(submitted.teacher.nbgrader("list", "--cached")) == ["Submitted assignments:"]


def test_flags_that_do_not_go_together(submitted):
    for more in ((), ("--remove",)):
        said = submitted.ada.nbgrader("list", "--inbound", "--cached", *more, status=1)
        assert "Options --inbound and --cached are incompatible." in said
    assert len(submitted.ada.run(ExchangeList, cached=True)) == 1


def test_the_flag_for_json_does_as_much_as_in_nbgrader(released):
    warning, *rest = released.ada.nbgrader("list", "--json").splitlines()
    assert "`as_json` not recognized" in warning
    assert rest == ["[ListApp | INFO] Released assignments:", "[ListApp | INFO] cs1 ps1"]


def test_an_assignment_without_a_notebook_is_pointed_out(desks):
    desks.teacher.write("release/ps1/read.me")
    desks.teacher.nbgrader("release_assignment", "ps1")
    assert "[ListApp | WARNING] No notebooks found in cs1/ps1" in desks.ada.nbgrader("list")
    desks.ada.nbgrader("fetch_assignment", "ps1")
    desks.ada.nbgrader("submit", "ps1")
    (group,) = desks.ada.run(ExchangeList, cached=True)
    (info,) = group["submissions"]
    assert f"No notebooks found in {info['path']}" in desks.ada.text
    assert (info["notebooks"], info["has_local_feedback"]) == ([], False)
