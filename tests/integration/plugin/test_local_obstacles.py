"""What is in the way on this machine is named, with what to do: nothing else is blamed for it."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

import pytest
from nbgrader.exchange.abc.exchange import ExchangeError
from support.people.classroom import collected, give_feedback
from traitlets.config import LoggingConfigurable

from nbexchange.plugin import (
    ExchangeCollect,
    ExchangeFetchAssignment,
    ExchangeFetchFeedback,
    ExchangeList,
)
from nbexchange.plugin.assignment_list import Manager
from nbexchange.plugin.failures import explain_failure, list_reasons


@pytest.fixture
def graded(submitted):
    give_feedback(submitted, "ada")
    return submitted


def test_a_file_in_the_place_of_the_feedback_is_named(graded):
    graded.ada.write("ps1/feedback", "my notes")
    with pytest.raises(ExchangeError) as failure:
        graded.ada.run(ExchangeFetchFeedback, "ps1")
    first, last = str(failure.value).splitlines()
    assert first.startswith("Feedback was not fetched: ")
    assert last.partition(": ")[2] == (
        f"There is something at {graded.ada.home}/ps1/feedback already, which was left as it is. "
        "Move it away, then run the command again."
    )
    assert graded.ada.files("ps1")["feedback"] == b"my notes"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EACCES, "You have no permission for "),
        (errno.EROFS, " is on a disk that cannot be written to. Work in another folder"),
        (errno.EDQUOT, "What you may store on this disk is used up"),
    ],
)
def test_a_folder_that_cannot_be_written_is_named(graded, monkeypatch, number, said):
    """The tests may run as root, whom permissions do not stop."""
    real = Path.mkdir

    def refuse(self, *arguments, **options):
        if "feedback" in self.parts or self.name.startswith(".nbexchange"):
            raise OSError(number, os.strerror(number), str(self))
        real(self, *arguments, **options)

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(ExchangeError) as failure:
        graded.ada.run(ExchangeFetchFeedback, "ps1")
    assert said in str(failure.value)
    assert "in a minute" not in str(failure.value)


def test_feedback_that_cannot_be_read_is_listed_and_fetched_again(graded, monkeypatch):
    graded.ada.run(ExchangeFetchFeedback, "ps1")
    (page,) = (graded.ada.home / "ps1" / "feedback").glob("*/*.html")
    real, content = Path.open, page.read_bytes()

    def refuse(self, mode="r", *arguments, **options):
        if self == page and "r" in mode:
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        return real(self, mode, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refuse)
        (group,) = graded.ada.run(ExchangeList, cached=True)
        before = page.stat().st_ino
        graded.ada.run(ExchangeFetchFeedback, "ps1")
    (attempt,) = group["submissions"]
    assert (attempt["has_exchange_feedback"], attempt["feedback_updated"]) == (True, True)
    assert page.stat().st_ino != before
    assert page.read_bytes() == content


def test_the_assignment_list_shows_the_reason(graded, monkeypatch):
    graded.ada.write("ps1/feedback", "my notes")
    with graded.ada.at_home():
        manager = Manager(LoggingConfigurable())
        manager.root_dir = str(graded.ada.home)
        answer = manager.act("fetch_feedback", "cs1", "ps1")
    line, *_ = answer["value"]
    assert "There is something at" in line["assignment_id"]


@pytest.mark.parametrize("beside", [".nbexchange-7ffl5yni/new", ".feedback-7ffl5yni", ""])
def test_where_nothing_may_be_made_the_folder_is_named_and_not_what_would_have_been_made(tmp_path, beside):
    text = explain_failure(PermissionError(errno.EACCES, "x", str(tmp_path / "work" / beside)))
    assert text.startswith(f"You have no permission for {tmp_path}/work. ")


@pytest.mark.parametrize("number", [errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENOTEMPTY])
def test_the_obstacle_is_the_file_above_what_should_be_made(tmp_path, number):
    (tmp_path / "work").touch()
    text = explain_failure(OSError(number, "x", str(tmp_path / "work" / "ps1" / "p1.ipynb")))
    assert text.startswith(f"There is something at {tmp_path}/work already")


def test_of_a_renaming_it_is_where_it_should_go(tmp_path):
    text = explain_failure(OSError(errno.EISDIR, "x", "/here", None, str(tmp_path)))
    assert text.startswith(f"There is something at {tmp_path} already")


def test_an_error_that_is_none_of_the_system_is_not_told_as_one():
    """Libraries raise such, with texts that may quote signatures."""
    assert explain_failure(OSError("https://store/x?signature=abc")).startswith("The exchange plugin failed")


def test_one_reason_is_told_once_and_many_are_not_told_all():
    same = {f"s{number}": f"It is away. (request {number})" for number in range(3)}
    assert list_reasons(same) == "s0, s1, s2: It is away. (request 0)"
    different = {f"s{number}": f"reason {number}" for number in range(7)}
    first, *lines = list_reasons(different).splitlines()
    assert first == "2 more reasons are in the log."
    assert lines == [f"s{number}: reason {number}" for number in range(5)]


def test_a_fetch_into_a_folder_that_is_a_file(released):
    released.ada.write("work", "a file")
    with pytest.raises(ExchangeError, match=r"There is something at .*/work already"):
        released.ada.run(
            ExchangeFetchAssignment,
            "ps1",
            config={"Exchange": {"path_includes_course": True}},
            course="cs1",
            assignment_dir=str(released.ada.home / "work"),
        )


# --- the gradebook -----------------------------------------------------------------------------------------


def test_a_gradebook_that_cannot_be_opened_is_told_as_that(submitted):
    said = submitted.teacher.nbgrader(
        "collect", "ps1", "--CourseDirectory.db_url=sqlite:////nowhere/gradebook.db", status=1
    )
    assert (
        "The gradebook cannot be used: unable to open database file. Look at c.CourseDirectory.db_url" in said
    )


def test_names_that_cannot_be_entered_hide_nothing_of_what_was_collected(submitted):
    with sqlite3.connect(submitted.teacher.home / "gradebook.db") as gradebook:
        gradebook.execute("CREATE TRIGGER no BEFORE INSERT ON student BEGIN SELECT RAISE(ABORT, 'full'); END")
    gradebook.close()
    submitted.teacher.run(ExchangeCollect, "ps1")
    *_, warning, summary = submitted.teacher.messages
    assert warning.startswith("Names and addresses were not entered: The gradebook cannot be used: ")
    assert "full" in warning
    assert summary == "2 new, 0 updated, 0 unchanged"
    assert collected(submitted)
