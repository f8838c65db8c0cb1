"""What students type, and release: nbgrader's own commands with their flags and exit statuses."""

from __future__ import annotations

import stat

import pytest
from support.people.classroom import collected, make_feedback, notebook_of
from traitlets import TraitError


def release(desks, assignment):
    desks.teacher.write(f"release/{assignment}/p1.ipynb")
    desks.teacher.nbgrader("release_assignment", assignment)


# --- release -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flag", ["--force", "-f"])
def test_force_releases_again_without_what_is_no_longer_there(released, flag):
    released.teacher.write("release/ps1/p1.ipynb", "better")
    (released.teacher.home / "release" / "ps1" / "data.csv").unlink()
    said = released.teacher.nbgrader("release_assignment", "ps1", status=1)
    assert "add --force to overwrite" in said
    released.teacher.nbgrader("release_assignment", "ps1", flag)
    released.ada.nbgrader("fetch_assignment", "ps1")
    assert released.ada.files("ps1") == {"p1.ipynb": b"better", "part/p2.ipynb": b"{ }"}


def test_an_empty_release_is_one(desks):
    (desks.teacher.home / "release" / "ps1").mkdir(parents=True)
    desks.teacher.nbgrader("release_assignment", "--assignment=ps1")
    desks.teacher.nbgrader("release_assignment", "ps1", status=1)
    desks.ada.nbgrader("fetch_assignment", "ps1")
    assert desks.ada.files("ps1") == {}
    assert (desks.ada.home / "ps1").is_dir()


def test_the_deprecated_commands_still_work(desks):
    desks.teacher.write("release/ps1/p1.ipynb")
    with pytest.deprecated_call(match="`nbgrader release` is now deprecated"):
        desks.teacher.nbgrader("release", "ps1")
    with pytest.deprecated_call(match="`nbgrader fetch` is now deprecated"):
        desks.ada.nbgrader("fetch", "ps1")
    assert desks.ada.files("ps1") == {"p1.ipynb": b"{}"}


def test_the_older_sections_of_a_configuration_file_count_with_a_warning(released):
    released.teacher.configure("c.ExchangeRelease.force = True")
    said = released.teacher.nbgrader("release_assignment", "ps1")
    assert "Use ExchangeReleaseAssignment in config, not ExchangeRelease. Outdated config" in said
    released.ada.write("ps1/p1.ipynb", "mine")
    released.ada.configure("c.ExchangeFetch.replace_missing_files = True")
    said = released.ada.nbgrader("fetch_assignment", "ps1")
    assert "ExchangeFetch.replace_missing_files = True" in said
    assert released.ada.files("ps1")["p1.ipynb"] == b"mine"
    assert "data.csv" in released.ada.files("ps1")


def test_settings_of_nbgraders_own_exchange_are_taken_without_a_remark(released):
    """Every existing configuration has them; scripts read what is logged."""
    released.ada.configure('c.Exchange.root = "/srv/exchange"', 'c.Exchange.cache = "/srv/cache"')
    assert released.ada.nbgrader("list") == (
        "[ListApp | INFO] Released assignments:\n[ListApp | INFO] cs1 ps1\n"
    )
    assert "not recognized" not in released.ada.nbgrader("list", "--Exchange.root=/x", "--Exchange.cache=/y")


@pytest.mark.parametrize("command", ["release_assignment", "fetch_assignment", "submit", "collect"])
def test_two_assignments_are_too_many_for_most_commands(released, command):
    released.teacher.write("ps1/p1.ipynb")
    if command != "fetch_assignment":
        said = released.teacher.nbgrader(command, "ps1", "ps2", status=1)
        assert "Must provide assignment name" in said
        return
    said = released.teacher.nbgrader(command, "ps1", "ps2", status=1)
    assert "You already have a copy" in said


# --- fetch -------------------------------------------------------------------------------------------------


def test_several_assignments_are_fetched_at_once(released):
    release(released, "ps2")
    released.ada.nbgrader("fetch_assignment", "ps1", "ps2")
    assert {"ps1/p1.ipynb", "ps2/p1.ipynb"} <= set(released.ada.files())


def test_one_that_cannot_be_fetched_does_not_stop_the_others_and_is_told(released):
    release(released, "ps3")
    said = released.ada.nbgrader("fetch_assignment", "ps1", "ps2", "ps3", status=1)
    assert "ps2 is not released in cs1. Check the names" in said
    assert {"ps1/p1.ipynb", "ps3/p1.ipynb"} <= set(released.ada.files())


def test_replace_brings_back_only_what_is_missing(released):
    released.ada.nbgrader("fetch_assignment", "ps1")
    (released.ada.home / "ps1" / "data.csv").unlink()
    released.ada.write("ps1/p1.ipynb", "my work")
    released.ada.nbgrader("fetch_assignment", "ps1", status=1)
    released.ada.nbgrader("fetch_assignment", "ps1", "--replace")
    assert released.ada.files("ps1")["p1.ipynb"] == b"my work"
    assert released.ada.files("ps1")["data.csv"] == b"1,2,3"


def test_courses_may_have_folders_of_their_own_for_everything(submitted):
    folders = "--Exchange.path_includes_course=True"
    desk = submitted.ben
    desk.nbgrader("fetch_assignment", "ps1", folders)
    desk.write("cs1/ps1/p1.ipynb", "in its course")
    desk.nbgrader("submit", "ps1", folders)
    submitted.teacher.nbgrader("collect", "ps1")
    assert notebook_of(submitted, "ben") == b"in its course"
    make_feedback(submitted.teacher, "ben")
    submitted.teacher.nbgrader("release_feedback", "ps1")
    desk.nbgrader("fetch_feedback", "ps1", folders)
    assert len(desk.files("cs1/ps1/feedback")) == 1
    (_, line, _) = desk.nbgrader("list", "--cached", folders).splitlines()[:3]
    assert "(no feedback available)" in line
    assert desk.nbgrader("list", "--cached", folders).endswith("(feedback already fetched)\n")


# --- submit ------------------------------------------------------------------------------------------------


def test_submit_takes_a_path(released):
    released.ada.write("work/ps1/p1.ipynb", "there")
    said = released.ada.nbgrader("submit", "work/ps1/")
    assert "Submitted as: cs1 ps1 " in said
    absolute = released.ben.write("elsewhere/ps1/p1.ipynb", "absolute").parent
    released.ben.nbgrader("submit", str(absolute))
    released.teacher.nbgrader("collect", "ps1")
    assert (notebook_of(released), notebook_of(released, "ben")) == (b"there", b"absolute")


def test_strict_refuses_missing_notebooks_and_not_extra_ones(released, people):
    released.ada.write("ps1/p1.ipynb")
    released.ada.write("ps1/extra.ipynb")
    said = released.ada.nbgrader("submit", "ps1", "--strict", status=1)
    assert "part/p2.ipynb: MISSING" in said
    assert people.teacher.submissions() == []
    released.ada.write("ps1/part/p2.ipynb")
    said = released.ada.nbgrader("submit", "ps1", "--strict")
    assert "extra.ipynb: EXTRA" in said
    assert len(people.teacher.submissions()) == 1


def test_files_that_only_their_owner_may_read_are_readable_where_they_are_graded(released):
    path = released.ada.write("ps1/p1.ipynb")
    path.chmod(stat.S_IRUSR)
    released.ada.nbgrader("submit", "ps1")
    released.teacher.nbgrader("collect", "ps1")
    copy = released.teacher.home / "submitted" / "ada" / "ps1" / "p1.ipynb"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o644


def test_an_assignment_that_was_hidden_again_is_closed(released, people):
    released.ada.nbgrader("fetch_assignment", "ps1")
    released.teacher.nbgrader("list", "--remove", "ps1")
    said = released.ada.nbgrader("submit", "ps1", status=1)
    assert "ps1 of cs1 was withdrawn on 20" in said
    assert people.teacher.submissions() == []
    released.teacher.nbgrader("release_assignment", "ps1")
    released.ada.nbgrader("submit", "ps1")


def test_student_names_whose_work_it_is(released):
    released.teacher.write("ps1/p1.ipynb", "on paper")
    released.teacher.nbgrader("submit", "ps1", "--student=ben")
    for impossible in ("a+b", "a*"):
        said = released.teacher.nbgrader("submit", "ps1", f"--student={impossible}", status=1)
        assert "should contain no '*' nor '+'" in said
    released.teacher.nbgrader("collect", "ps1")
    assert notebook_of(released, "ben") == b"on paper"


def test_what_the_configuration_leaves_out_is_not_submitted(released):
    for name in ("p1.ipynb", "notes.pyc", "notes.txt"):
        released.ada.write(f"ps1/{name}")
    released.ada.configure('c.CourseDirectory.include = ["*.ipynb"]')
    released.ada.nbgrader("submit", "ps1")
    released.ben.write("ps1/p1.ipynb", "x" * 2000)
    released.ben.write("ps1/large", "x" * 2001)
    said = released.ben.nbgrader("submit", "ps1", "--CourseDirectory.max_file_size=2")
    assert "[SubmitApp | WARNING] Left out, being larger than max_file_size (2.0 kB): large" in said
    released.teacher.nbgrader("collect", "ps1")
    ours = {"timestamp.txt", "submission_secret.txt"}
    assert set(collected(released)) - ours == {"p1.ipynb"}
    assert set(collected(released, "ben")) - ours == {"p1.ipynb"}


def test_a_directory_over_its_limit_is_a_runtime_error_and_what_is_ignored_does_not_count(released, people):
    released.ada.write("ps1/p1.ipynb", "x" * 2000)
    released.ada.write("ps1/feedback/old.html", "x" * 2000)
    released.ada.nbgrader("submit", "ps1", "--CourseDirectory.max_dir_size=3")
    released.ada.write("ps1/p2.ipynb", "x" * 1001)
    with pytest.raises(RuntimeError, match="Directory size is too big"):
        released.ada.nbgrader("submit", "ps1", "--CourseDirectory.max_dir_size=3")
    assert len(people.teacher.submissions()) == 1


# --- settings of all commands ------------------------------------------------------------------------------


def test_an_unknown_time_zone_is_a_failure(released):
    assert "Invalid timezone: Nowhere" in released.ada.nbgrader("list", "--timezone=Nowhere", status=1)


def test_a_format_that_is_none_is_told_by_its_name(released):
    with pytest.raises(TraitError, match="Invalid timestamp_format: gibberish"):
        released.ada.nbgrader("list", "--Exchange.timestamp_format=gibberish")
