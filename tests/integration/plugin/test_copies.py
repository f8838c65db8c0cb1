"""The copies of what was submitted, in nbgrader's cache: as its own exchange keeps them, and never in the way."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from nbgrader.utils import parse_utc
from support.people.classroom import attempt_stamps

from nbexchange.plugin import ExchangeList, ExchangeSubmit


def submit(desk, content, *, folder="cache", course="cs1", **options):
    """An attempt with this content; `options` are of the section Exchange."""
    desk.write("ps1/p1.ipynb", content)
    desk.run(ExchangeSubmit, "ps1", course, config=in_cache(desk, folder, **options))


def in_cache(desk, folder="cache", **options):
    return {"Exchange": {"cache": str(desk.home / folder), **options}}


def copies(desk, folder="cache/cs1"):
    return sorted(path.name for path in (desk.home / folder).iterdir())


def test_what_was_submitted_is_kept_as_nbgraders_own_exchange_names_it(released, people):
    submit(released.ada, "first")
    submit(released.ada, "second")
    first, second = attempt_stamps(people)
    assert copies(released.ada) == [f"ada+ps1+{first}", f"ada+ps1+{second}"]
    kept = released.ada.files(f"cache/cs1/ada+ps1+{first}")
    (entry,) = people.ada.assignments()
    assert kept == {
        "p1.ipynb": b"first",
        "timestamp.txt": first.encode(),
        "submission_secret.txt": entry["submissions"][0]["id"].encode(),
    }


def test_the_cache_is_by_default_where_nbgrader_has_it(released):
    released.ada.write("ps1/p1.ipynb")
    released.ada.nbgrader("submit", "ps1")
    assert len(list(released.ada.data.glob("nbgrader_cache/cs1/ada+ps1+*"))) == 1


def test_what_is_kept_is_what_was_sent(released, monkeypatch):
    """Somebody goes on working meanwhile."""
    real = ExchangeSubmit.report

    def meanwhile(self, *arguments):
        released.ada.write("ps1/p1.ipynb", "later")
        real(self, *arguments)

    monkeypatch.setattr(ExchangeSubmit, "report", meanwhile)
    submit(released.ada, "sent")
    (name,) = copies(released.ada)
    assert released.ada.files(f"cache/cs1/{name}")["p1.ipynb"] == b"sent"


def test_the_newest_three_attempts_are_kept(released, people):
    for number in range(5):
        submit(released.ada, f"attempt {number}")
    assert copies(released.ada) == [f"ada+ps1+{stamp}" for stamp in attempt_stamps(people)[-3:]]


@pytest.mark.parametrize(("count", "kept"), [(0, 0), (1, 1), (5, 2)])
def test_how_many_are_kept_is_a_setting(released, count, kept):
    for content in ("first", "second"):
        submit(released.ada, content, cached_attempts=count)
    assert len(copies(released.ada) if kept else []) == kept
    assert (released.ada.home / "cache").exists() == bool(kept)


def test_copies_of_one_minute_are_kept_apart_under_a_coarse_format(released):
    for content in ("first", "second"):
        submit(released.ada, content, timestamp_format="%d/%m/%Y %H:%M")
    kept = [released.ada.files(f"cache/cs1/{name}") for name in copies(released.ada)]
    assert [copy["p1.ipynb"] for copy in kept] == [b"first", b"second"]
    assert [parse_utc(copy["timestamp.txt"].decode()) for copy in kept]


def test_only_copies_of_the_same_student_and_assignment_make_room(released):
    old = "2001-01-01 00:00:00.000000 UTC"
    for name in ("bea+ps1", "ada+ps2", "ada+ps1"):  # the last is of nbgrader's own exchange
        released.ada.write(f"cache/cs1/{name}+{old}/timestamp.txt", old)
        secret = "5f" * 64 if name == "ada+ps1" else "7f1c8a5e-8f0e-4d3c-9d53-0d8f4d0f3b11"
        released.ada.write(f"cache/cs1/{name}+{old}/submission_secret.txt", secret)
    for content in ("first", "second"):
        submit(released.ada, content, cached_attempts=1)
    assert [name.rpartition("+")[0] for name in copies(released.ada)] == [
        "ada+ps1",
        "ada+ps1",
        "ada+ps2",
        "bea+ps1",
    ]


def test_who_submits_for_somebody_keeps_it_under_their_name(released):
    released.teacher.write("ps1/p1.ipynb")
    config = in_cache(released.teacher)
    released.teacher.run(ExchangeSubmit, "ps1", coursedir={"student_id": "ben"}, config=config)
    assert [name.split("+")[0] for name in copies(released.teacher)] == ["ben"]


# --- what goes wrong with a copy is no failure of the submission ----------------------------------------------


def test_a_copy_that_cannot_be_kept_is_said_and_the_submission_stands(released, people):
    released.ada.write("cache", "a file in the place of the folder")
    submit(released.ada, "work")
    assert len(attempt_stamps(people)) == 1
    assert any(line.startswith("Submitted as: cs1 ps1") for line in released.ada.messages)
    assert released.ada.messages[-1] == (
        f"Your work has arrived, but the copies of it in {released.ada.home}/cache are not as they should be: Not a "
        "directory. Do not submit again for that: make room there, or name another folder in c.Exchange.cache."
    )


def test_a_full_disk_leaves_no_half_a_copy(released, people, monkeypatch):
    def full(self, *_):
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        released.ada.write("ps1/p1.ipynb")
        released.ada.run(ExchangeSubmit, "ps1", config=in_cache(released.ada))
    assert "No space left on device" in released.ada.messages[-1]
    assert (len(attempt_stamps(people)), copies(released.ada)) == (1, [])


def test_a_defect_of_the_plugin_while_it_keeps_a_copy_is_no_failure_either(released, people, monkeypatch):
    def defective(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("nbexchange.plugin.copies.unpack", defective)
    submit(released.ada, "work")
    assert "ZeroDivisionError" in released.ada.messages[-1]
    assert len(attempt_stamps(people)) == 1


# --- off the list ---------------------------------------------------------------------------------------------


def test_what_is_taken_off_ones_own_list_is_no_longer_kept(released):
    submit(released.ada, "first")
    submit(released.ada, "second")
    config = in_cache(released.ada)
    released.ada.run(ExchangeList, "ps2", cached=True, remove=True, config=config)
    released.ada.run(ExchangeList, inbound=True, config=config)
    assert len(copies(released.ada)) == 2
    released.ada.run(ExchangeList, "ps1", cached=True, remove=True, config=config)
    assert copies(released.ada) == []
    assert "p1.ipynb" in released.ada.files("ps1")


def test_removing_from_the_course_leaves_the_copies(released):
    submit(released.teacher, "an instructor's own")
    config = in_cache(released.teacher)
    released.teacher.run(ExchangeList, "ps1", inbound=True, remove=True, config=config)
    assert len(copies(released.teacher)) == 1


def test_copies_that_cannot_be_removed_are_said(released, monkeypatch):
    submit(released.ada, "work")

    def denied(folder):
        raise PermissionError(13, os.strerror(13), str(folder))

    monkeypatch.setattr("nbexchange.plugin.copies.shutil.rmtree", denied)
    released.ada.run(ExchangeList, cached=True, remove=True, config=in_cache(released.ada))
    assert "could not be removed: Permission denied." in released.ada.messages[-1]
    assert released.ada.run(ExchangeList, cached=True) == []
