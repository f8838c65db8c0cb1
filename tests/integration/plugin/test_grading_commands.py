"""What instructors type when work is in: collect and feedback, with their flags and exit statuses."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta

import pytest
from nbgrader.api import Gradebook
from nbgrader.utils import parse_utc
from support.people.classroom import collected, make_feedback, notebook_of


def submit(desk, content):
    desk.write("ps1/p1.ipynb", content)
    desk.nbgrader("submit", "ps1")


# --- collect -----------------------------------------------------------------------------------------------


def test_collect_takes_newer_work_only_with_update(submitted):
    submitted.teacher.nbgrader("collect", "ps1", "--student=ada")
    assert collected(submitted, "ben") == {}
    submit(submitted.ada, "second")
    said = submitted.teacher.nbgrader("collect", "ps1")
    assert "Submission already exists, use --update to update: ada ps1" in said
    assert "Collecting submission: ben ps1" in said
    said = submitted.teacher.nbgrader("collect", "--update", "ps1")
    assert "Updating submission: ada ps1" in said
    assert "No newer submission to collect: ben ps1" in said
    assert notebook_of(submitted) == b"second"


def test_before_duedate_goes_back_in_time_also_without_update(released, database):
    """Work from before the due date replaces later work that was already collected."""
    submit(released.ada, "in time")
    with database.read() as session:
        due = session.connection().exec_driver_sql("SELECT max(stamp) FROM upload").scalar()
    submit(released.ada, "too late")
    submit(released.ben, "never in time")
    with Gradebook(f"sqlite:///{released.teacher.home}/gradebook.db") as gradebook:
        gradebook.update_or_create_assignment("ps1", duedate=parse_utc(due))
    released.teacher.nbgrader("collect", "ps1")
    assert notebook_of(released) == b"too late"
    said = released.teacher.nbgrader("collect", "ps1", "--before-duedate")
    assert "Updating submission: ada ps1" in said
    assert notebook_of(released) == b"in time"
    assert notebook_of(released, "ben") == b"never in time"
    said = released.teacher.nbgrader("collect", "ps1", "--before-duedate")
    assert "0 new, 0 updated, 2 unchanged" in said


def test_update_compares_what_was_collected_not_how_its_stamp_is_written(submitted):
    submitted.teacher.configure('c.Exchange.timestamp_format = "%Y-%m-%d %H:%M:%S"')
    submitted.teacher.nbgrader("collect", "ps1")
    assert b"." not in collected(submitted)["timestamp.txt"]
    for flag in ("--update", "--before-duedate"):
        assert "0 new, 0 updated, 2 unchanged" in submitted.teacher.nbgrader("collect", "ps1", flag)
    submit(submitted.ada, "at once")
    submitted.teacher.nbgrader("collect", "ps1", "--update")
    assert notebook_of(submitted) == b"at once"


def test_a_stamp_that_nbgrader_would_misread_is_written_in_its_own_format(submitted):
    submitted.teacher.configure('c.Exchange.timestamp_format = "%d/%m/%y at %H:%M"')
    submitted.teacher.nbgrader("collect", "ps1")
    stamp = parse_utc(collected(submitted)["timestamp.txt"].decode()).replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - stamp) < timedelta(minutes=5)


def test_the_stamp_is_the_services_to_the_microsecond_in_utc(submitted, people):
    submitted.teacher.configure('c.Exchange.timezone = "Europe/Berlin"')
    submitted.teacher.nbgrader("collect", "ps1")
    (record,) = people.teacher.submissions(student_id="ada")
    stamp = parse_utc(collected(submitted)["timestamp.txt"].decode()).replace(tzinfo=UTC)
    assert stamp == datetime.fromisoformat(record["submitted_at"])


def test_nothing_to_collect_is_a_warning_and_no_failure(released):
    assert "WARNING] No submissions of 'ps1'" in released.teacher.nbgrader("collect", "ps1")
    assert not (released.teacher.home / "submitted").exists()


def test_a_shared_course_stays_writable_for_the_group_and_can_be_updated(submitted):
    submitted.ada.write("ps1/deep/er/data.csv")
    submit(submitted.ada, "first")
    submitted.teacher.configure("c.CourseDirectory.groupshared = True")
    submitted.teacher.nbgrader("collect", "ps1")
    submit(submitted.ada, "second")
    submitted.teacher.nbgrader("collect", "ps1", "--update")
    assert notebook_of(submitted) == b"second"
    tree = submitted.teacher.home / "submitted"
    modes = {path.is_dir(): set() for path in tree.rglob("*")}
    for path in [tree, *tree.rglob("*")]:
        modes[path.is_dir()].add(stat.S_IMODE(path.stat().st_mode))
    assert modes == {True: {0o2775}, False: {0o664}}
    assert submitted.teacher.leftovers() == []


# --- feedback ----------------------------------------------------------------------------------------------


@pytest.fixture
def graded(submitted):
    submitted.teacher.nbgrader("collect", "ps1")
    for student in ("ada", "ben"):
        make_feedback(submitted.teacher, student)
    return submitted


@pytest.mark.parametrize("option", ["--student=ada", "--CourseDirectory.student_id_exclude=ben,carol"])
def test_feedback_of_one_student_is_released_and_then_all_of_it_again(graded, option):
    graded.teacher.nbgrader("release_feedback", "ps1", option)
    for desk in (graded.ada, graded.ben):
        desk.nbgrader("fetch_feedback", "ps1")
    assert len(graded.ada.files("ps1/feedback")) == 1
    assert graded.ben.files("ps1/feedback") == {}
    graded.teacher.nbgrader("release_feedback", "ps1")
    graded.ben.nbgrader("fetch_feedback", "ps1")
    assert list(graded.ben.files("ps1/feedback").values()) == [b"good"]


def test_feedback_of_several_assignments_is_fetched_at_once(graded):
    graded.teacher.write("release/ps2/p1.ipynb")
    graded.teacher.nbgrader("release_assignment", "ps2")
    graded.ada.write("ps2/p1.ipynb")
    graded.ada.nbgrader("submit", "ps2")
    graded.teacher.nbgrader("collect", "ps2")
    make_feedback(graded.teacher, "ada", "ps2")
    for assignment in ("ps1", "ps2"):
        graded.teacher.nbgrader("release_feedback", assignment)
    graded.ada.nbgrader("fetch_feedback", "ps1", "ps2")
    assert len(graded.ada.files("ps1/feedback")) == len(graded.ada.files("ps2/feedback")) == 1


def test_names_that_mean_something_in_patterns_are_only_names(desks, tmp_path):
    """In a course directory, in an assignment: nbgrader's own pattern finds nothing there."""
    root = tmp_path / "course [2026] (a+b)"
    root.mkdir()
    desks.teacher.configure(f"c.CourseDirectory.root = {str(root)!r}")
    folder = root / "feedback" / "ada" / "ps[1]."
    folder.mkdir(parents=True)
    (folder / "p1.html").write_text("found")
    (folder / "timestamp.txt").write_text("2026-01-02 03:04:05 UTC")
    (root / "feedback" / "ada" / "ps1x").mkdir()
    (root / "feedback" / "ada" / "ps1x" / "p1.html").write_text("of another assignment")
    (root / "release" / "ps[1].").mkdir(parents=True)
    desks.teacher.nbgrader("release_assignment", "ps[1].")
    desks.teacher.nbgrader("release_feedback", "ps[1].")
    desks.ada.nbgrader("fetch_feedback", "ps[1].")
    assert list(desks.ada.files("ps[1]./feedback").values()) == [b"found"]
