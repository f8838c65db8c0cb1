"""Release and fetch, as nbgrader's own exchange would, and better where that loses something."""

from __future__ import annotations

import os

import pytest
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.abc.exchange import ExchangeError
from traitlets.config import Config

from nbexchange import plugin
from nbexchange.api.db.models import Upload
from nbexchange.plugin import ExchangeFetchAssignment, ExchangeList, ExchangeReleaseAssignment, exchange
from nbexchange.plugin.exchange import DirectoryTooLarge


def test_what_is_released_is_what_is_fetched(released):
    (released.teacher.home / "release" / "ps1" / "empty").mkdir()
    released.teacher.run(ExchangeReleaseAssignment, "ps1", force=True)
    released.ada.run(ExchangeFetchAssignment, "ps1")
    assert released.ada.files("ps1") == released.teacher.files("release/ps1")
    assert (released.ada.home / "ps1" / "empty").is_dir()
    assert "Fetched as: cs1 ps1 (version 2)" in released.ada.text


def test_release_says_version_and_digest(released):
    assert "Released as: cs1 ps1 (version 1, sha256 " in released.teacher.text


def test_a_second_release_needs_force_and_replaces_the_first(released):
    with pytest.raises(ExchangeError, match="add --force to overwrite: cs1 ps1"):
        released.teacher.run(ExchangeReleaseAssignment, "ps1")
    released.teacher.write("release/ps1/p1.ipynb", "better")
    released.teacher.run(ExchangeReleaseAssignment, "ps1", force=True)
    released.ada.run(ExchangeFetchAssignment, "ps1")
    assert released.ada.files("ps1")["p1.ipynb"] == b"better"


def test_a_release_that_was_not_generated_says_what_to_do(desks):
    desks.teacher.write("source/ps1/p1.ipynb")
    with pytest.raises(ExchangeError, match="run `nbgrader generate_assignment` first"):
        desks.teacher.run(ExchangeReleaseAssignment, "ps1")


def test_a_misspelt_assignment_gets_a_suggestion(released):
    with pytest.raises(ExchangeError, match="Assignment not found at"):
        released.teacher.run(ExchangeReleaseAssignment, "pss1")
    assert "Did you mean: ps1" in released.teacher.text
    with pytest.raises(ExchangeError, match="pss1 is not released in cs1"):
        released.ada.run(ExchangeFetchAssignment, "pss1")
    assert "Did you mean: ps1" in released.ada.text


@pytest.mark.parametrize(
    "name", [name for name in plugin.__all__ if name not in {"Exchange", "ExchangeList"}]
)
def test_without_a_course_nothing_is_done(released, name):
    with pytest.raises(ExchangeError, match="No course id specified"):
        released.teacher.run(getattr(plugin, name), "ps1", course="")


def test_nbgraders_authenticator_has_no_say(released):
    """Who may do what is known to the service alone, from the token."""

    class Nobody(Authenticator):
        def has_access(self, *_):
            raise AssertionError("asked")

        get_student_courses = has_access

    released.ada.run(ExchangeFetchAssignment, "ps1", authenticator=Nobody(config=Config()))
    assert released.ada.run(ExchangeList, authenticator=Nobody(config=Config()))
    assert "p1.ipynb" in released.ada.files("ps1")


def test_a_student_cannot_release(released):
    released.ada.write("release/ps2/p1.ipynb")
    with pytest.raises(ExchangeError, match=r"Only an instructor of cs1 may do this.*request"):
        released.ada.run(ExchangeReleaseAssignment, "ps2")


def test_somebody_from_outside_learns_nothing(released):
    with pytest.raises(ExchangeError, match="You have no course 'cs1' here"):
        released.outsider.run(ExchangeFetchAssignment, "ps1")


def test_a_release_with_a_link_out_of_it_is_refused_by_name(desks):
    desks.teacher.write("release/ps1/p1.ipynb")
    (desks.teacher.home / "release" / "ps1" / "passwords").symlink_to("/etc/passwd")
    with pytest.raises(ExchangeError, match="passwords"):
        desks.teacher.run(ExchangeReleaseAssignment, "ps1")


def test_what_is_ignored_is_neither_released_nor_fetched(desks):
    desks.teacher.write("release/ps1/p1.ipynb")
    desks.teacher.write("release/ps1/x.pyc")
    desks.teacher.write("release/ps1/notes.bak")
    desks.teacher.run(ExchangeReleaseAssignment, "ps1")
    ignore = {"CourseDirectory": {"ignore": ["*.bak"]}}
    desks.ada.run(ExchangeFetchAssignment, "ps1", config=ignore)
    assert set(desks.ada.files("ps1")) == {"p1.ipynb"}


def test_only_what_is_included_is_released(desks):
    desks.teacher.write("release/ps1/p1.ipynb")
    desks.teacher.write("release/ps1/data.csv")
    include = {"CourseDirectory": {"include": ["*.ipynb"]}}
    desks.teacher.run(ExchangeReleaseAssignment, "ps1", config=include)
    desks.ada.run(ExchangeFetchAssignment, "ps1")
    assert set(desks.ada.files("ps1")) == {"p1.ipynb"}


def test_fetching_over_a_copy_is_refused_and_replace_adds_only_what_is_missing(released):
    released.ada.run(ExchangeFetchAssignment, "ps1")
    released.ada.write("ps1/p1.ipynb", "my work")
    (released.ada.home / "ps1" / "data.csv").unlink()
    (released.ada.home / "ps1" / "part" / "p2.ipynb").unlink()
    (released.ada.home / "ps1" / "part").rmdir()
    with pytest.raises(ExchangeError, match="already have a copy"):
        released.ada.run(ExchangeFetchAssignment, "ps1")
    released.ada.run(ExchangeFetchAssignment, "ps1", replace_missing_files=True)
    assert released.ada.files("ps1") == {
        "p1.ipynb": b"my work",
        "data.csv": b"1,2,3",
        "part/p2.ipynb": b"{ }",
    }
    assert "Replacing missing file" in released.ada.text
    assert "Creating missing directory" in released.ada.text
    assert released.ada.leftovers() == []


def test_a_file_in_the_place_of_the_assignment_stays(released):
    released.ada.write("ps1", "my notes")
    for replace in (False, True):
        with pytest.raises(ExchangeError, match="There is a file in the place of the assignment"):
            released.ada.run(ExchangeFetchAssignment, "ps1", replace_missing_files=replace)
    assert released.ada.files() == {"ps1": b"my notes"}


def test_work_that_appears_while_it_is_fetched_stays(released, monkeypatch):
    """Two fetches at once, or a student who began to write."""
    real = exchange.unpack

    def meanwhile(*arguments):
        released.ada.write("ps1/p1.ipynb", "an hour of work")
        return real(*arguments)

    monkeypatch.setattr(exchange, "unpack", meanwhile)
    with pytest.raises(ExchangeError, match="already, which was left as it is"):
        released.ada.run(ExchangeFetchAssignment, "ps1")
    assert released.ada.files("ps1") == {"p1.ipynb": b"an hour of work"}
    assert released.ada.leftovers() == []


def test_replacing_missing_files_touches_nothing_beside(released):
    released.ada.run(ExchangeFetchAssignment, "ps1")
    released.ada.write(".ps1.fetched/mine", "x")
    released.ada.run(ExchangeFetchAssignment, "ps1", replace_missing_files=True)
    assert released.ada.files(".ps1.fetched") == {"mine": b"x"}


def test_the_path_may_include_the_course(released):
    config = {"Exchange": {"path_includes_course": True}}
    released.ada.run(ExchangeFetchAssignment, "ps1", config=config)
    assert (released.ada.home / "cs1" / "ps1" / "p1.ipynb").exists()


@pytest.mark.parametrize("name", ["ps 1", "ps.1", "übung ①", "a@b"])
def test_odd_assignment_names_travel(desks, name):
    desks.teacher.write(f"release/{name}/p 1.ipynb")
    desks.teacher.run(ExchangeReleaseAssignment, name)
    desks.ada.run(ExchangeFetchAssignment, name)
    assert desks.ada.files(name) == {"p 1.ipynb": b"{}"}


# --- limits ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("section", ["Exchange", "ExchangeReleaseAssignment"])
def test_the_limit_bites_before_anything_is_sent_and_says_what_to_do(desks, database, section):
    desks.teacher.write("release/ps1/huge.bin", os.urandom(30_000))
    config = {section: {"max_buffer_size": 10_000}}
    with pytest.raises(ExchangeError) as failure:
        desks.teacher.run(ExchangeReleaseAssignment, "ps1", config=config)
    for word in ("max_buffer_size", "10.0 kB", "huge.bin (30.0 kB)", "Remove data"):
        assert word in str(failure.value)
    with database.read() as session:
        assert session.query(Upload).count() == 0


def test_the_unpacked_limit_follows_the_packed_one(desks):
    desks.teacher.write("release/ps1/zeros.bin", bytes(50_000))
    config = {"Exchange": {"max_buffer_size": 10_000}}
    with pytest.raises(ExchangeError, match="max_unpacked_size"):
        desks.teacher.run(ExchangeReleaseAssignment, "ps1", config=config)
    config["Exchange"]["max_unpacked_size"] = 60_000
    desks.teacher.run(ExchangeReleaseAssignment, "ps1", config=config)


def test_the_services_own_limit_is_told(desks):
    desks.teacher.write("release/ps1/huge.bin", os.urandom(1_100_000))
    with pytest.raises(ExchangeError, match="the limit is 1000000"):
        desks.teacher.run(ExchangeReleaseAssignment, "ps1")


def test_a_configured_directory_limit_is_nbgraders_runtime_error(desks):
    desks.teacher.write("release/ps1/data.bin", bytes(3000))
    config = {"CourseDirectory": {"max_dir_size": 2}}
    with pytest.raises(DirectoryTooLarge, match="Directory size is too big"):
        desks.teacher.run(ExchangeReleaseAssignment, "ps1", config=config)


def test_a_configured_file_limit_leaves_files_out_and_names_them_last(desks):
    desks.teacher.write("release/ps1/data.bin", bytes(3000))
    desks.teacher.write("release/ps1/p1.ipynb")
    config = {"CourseDirectory": {"max_file_size": 2}}
    desks.teacher.run(ExchangeReleaseAssignment, "ps1", config=config)
    assert "data.bin" in desks.teacher.messages[-1]
    desks.ada.run(ExchangeFetchAssignment, "ps1")
    assert set(desks.ada.files("ps1")) == {"p1.ipynb"}


def test_nbgraders_default_limits_do_not_forbid_large_assignments(desks, monkeypatch):
    monkeypatch.setattr(CourseDirectory.max_file_size, "default_value", 1)
    monkeypatch.setattr(CourseDirectory.max_dir_size, "default_value", 1)
    desks.teacher.write("release/ps1/data.bin", bytes(3000))
    desks.teacher.run(ExchangeReleaseAssignment, "ps1")
    desks.ada.run(ExchangeFetchAssignment, "ps1")
    assert "data.bin" in desks.ada.files("ps1")


def test_what_unpacks_to_more_than_is_allowed_here_is_not_fetched(released):
    config = {"Exchange": {"max_unpacked_size": 5}}
    with pytest.raises(ExchangeError, match="max_unpacked_size"):
        released.ada.run(ExchangeFetchAssignment, "ps1", config=config)
    assert released.ada.files() == {}
