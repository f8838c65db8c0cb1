"""What counts as a copy: a folder that was fetched, or has work in it, and not one that only feedback went into."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from nbgrader.exchange.abc.exchange import ExchangeError
from support.people.classroom import Desk, give_feedback

from nbexchange.plugin import ExchangeFetchAssignment, ExchangeFetchFeedback, ExchangeList, exchange
from nbexchange.plugin.archives.trees import staged
from nbexchange.plugin.origins import ORIGIN

IN_RELEASE = {"p1.ipynb", "data.csv", "part/p2.ipynb"}


@pytest.fixture
def elsewhere(submitted, tmp_path):
    """Another machine of ada's, on which her feedback was the first thing that she fetched."""
    give_feedback(submitted, "ada")
    desk = Desk(tmp_path / "elsewhere", submitted.ada.url, submitted.ada.token)
    desk.home.mkdir()
    desk.run(ExchangeFetchFeedback, "ps1")
    assert re.fullmatch(r"ps1/feedback/[^/]*/p1\.html", *desk.files())
    return desk


def status(desk):
    (info,) = desk.run(ExchangeList)
    return info["status"]


# --- only feedback --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("replace", [False, True])
def test_an_assignment_is_fetched_into_a_folder_that_has_only_feedback(elsewhere, replace):
    (feedback,) = elsewhere.files("ps1")
    assert status(elsewhere) == "released"
    elsewhere.run(ExchangeFetchAssignment, "ps1", replace_missing_files=replace)
    assert set(elsewhere.files("ps1")) == {feedback, *IN_RELEASE}
    assert status(elsewhere) == "fetched"
    assert (elsewhere.home / "ps1" / ORIGIN).is_file()
    assert elsewhere.leftovers() == []


def test_feedback_that_jupyter_has_looked_at_is_no_work_either(elsewhere):
    elsewhere.write("ps1/.ipynb_checkpoints/p1-checkpoint.html")
    assert status(elsewhere) == "released"
    elsewhere.run(ExchangeFetchAssignment, "ps1")
    assert ".ipynb_checkpoints/p1-checkpoint.html" in elsewhere.files("ps1")


@pytest.mark.parametrize("work", ["p1.ipynb", ".hidden", "part/p2.ipynb"])
def test_feedback_beside_work_is_in_a_copy(elsewhere, work):
    elsewhere.write(f"ps1/{work}", "work")
    before = elsewhere.files("ps1")
    assert status(elsewhere) == "fetched"
    with pytest.raises(ExchangeError, match="already have a copy"):
        elsewhere.run(ExchangeFetchAssignment, "ps1")
    assert elsewhere.files("ps1") == before


def test_a_file_that_is_named_like_the_folder_of_feedback_is_work(released):
    released.ada.write("ps1/feedback", "my notes on it")
    assert status(released.ada) == "fetched"
    with pytest.raises(ExchangeError, match="already have a copy"):
        released.ada.run(ExchangeFetchAssignment, "ps1")


def test_work_that_appears_beside_feedback_while_it_is_fetched_stays_with_it(elsewhere, monkeypatch):
    before = elsewhere.files("ps1")
    real = exchange.unpack

    def meanwhile(*arguments):
        elsewhere.write("ps1/p1.ipynb", "an hour of work")
        return real(*arguments)

    monkeypatch.setattr(exchange, "unpack", meanwhile)
    with pytest.raises(ExchangeError, match="already, which was left as it is"):
        elsewhere.run(ExchangeFetchAssignment, "ps1")
    assert elsewhere.files("ps1") == {"p1.ipynb": b"an hour of work", **before}
    assert elsewhere.leftovers() == []


@pytest.mark.parametrize("interrupted_at", [1, 2, 3])
def test_ctrl_c_while_a_tree_takes_its_place_loses_no_feedback(tmp_path, monkeypatch, interrupted_at):
    for name in ("feedback", ".ipynb_checkpoints"):
        (tmp_path / "ps1" / name).mkdir(parents=True)
        (tmp_path / "ps1" / name / "file").write_text("x")
    real, calls = Path.rename, []

    def interrupted(self, target):
        calls.append(self)
        if len(calls) == interrupted_at:
            raise KeyboardInterrupt
        return real(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    keep = ("feedback", ".ipynb_checkpoints")
    with pytest.raises(KeyboardInterrupt), staged(tmp_path / "ps1", replace=False, keep=keep) as new:
        new.mkdir()
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {"ps1/feedback/file", "ps1/.ipynb_checkpoints/file"}


def test_feedback_in_the_release_does_not_push_out_what_was_fetched(elsewhere, submitted):
    (feedback,) = elsewhere.files("ps1")
    everything = {"CourseDirectory": {"ignore": []}}
    submitted.teacher.write("release/ps1/feedback/sample.html")
    submitted.teacher.nbgrader("release_assignment", "ps1", "--force", "--CourseDirectory.ignore=[]")
    with pytest.raises(ExchangeError, match="left as it is"):
        elsewhere.run(ExchangeFetchAssignment, "ps1", config=everything)
    assert set(elsewhere.files("ps1")) == {feedback}


# --- empty ----------------------------------------------------------------------------------------------------


def test_an_empty_folder_can_be_fetched_into(released):
    (released.ada.home / "ps1").mkdir()
    assert status(released.ada) == "released"
    released.ada.run(ExchangeFetchAssignment, "ps1")
    assert set(released.ada.files("ps1")) == IN_RELEASE


def test_a_folder_that_was_fetched_and_emptied_counts_as_fetched(released):
    released.ada.run(ExchangeFetchAssignment, "ps1")
    for path in (released.ada.home / "ps1").iterdir():
        if path.name != ORIGIN:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert status(released.ada) == "fetched"
    with pytest.raises(ExchangeError, match="already have a copy"):
        released.ada.run(ExchangeFetchAssignment, "ps1")
    released.ada.run(ExchangeFetchAssignment, "ps1", replace_missing_files=True)
    assert set(released.ada.files("ps1")) == IN_RELEASE


def test_a_file_in_the_place_of_the_folder_is_no_copy(released):
    released.ada.write("ps1", "a file")
    assert status(released.ada) == "released"
    with pytest.raises(ExchangeError, match="There is a file in the place of the assignment"):
        released.ada.run(ExchangeFetchAssignment, "ps1")
