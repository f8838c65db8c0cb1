"""What a submission is: never nothing in the place of something, with what was left out named, and known again."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from nbgrader.exchange.abc.exchange import ExchangeError
from sqlalchemy import update
from support.people.classroom import collected

from nbexchange import protocol
from nbexchange.api.db.models import Upload
from nbexchange.api.http import conventions
from nbexchange.plugin import (
    ExchangeCollect,
    ExchangeFetchAssignment,
    ExchangeReleaseAssignment,
    ExchangeSubmit,
)

# --- without a notebook ---------------------------------------------------------------------------------------


def test_a_folder_without_any_notebook_does_not_take_the_place_of_an_attempt(released, people):
    released.ada.write("ps1/p1.ipynb", "good")
    released.ada.run(ExchangeSubmit, "ps1")
    (released.ada.home / "ps1" / "p1.ipynb").unlink()
    released.ada.write("ps1/notes.txt")
    told = (
        rf"^{released.ada.home}/ps1 has no notebook that could be submitted, and the assignment has "
        r"p1\.ipynb, part/p2\.ipynb\. Nothing was submitted, and what you submitted before still counts: .*--replace"
    )
    with pytest.raises(ExchangeError, match=told):
        released.ada.run(ExchangeSubmit, "ps1")
    assert len(people.ada.assignments()[0]["submissions"]) == 1
    assert people.ada.get("uploads").json["items"] == []
    released.ada.run(ExchangeFetchAssignment, "ps1", replace_missing_files=True)
    released.ada.run(ExchangeSubmit, "ps1")


def test_a_folder_whose_notebooks_are_left_out_by_configuration_is_refused_and_they_are_named(released):
    released.ada.write("ps1/p1.ipynb")
    with pytest.raises(ExchangeError, match="has no notebook that could be submitted"):
        released.ada.run(ExchangeSubmit, "ps1", config={"CourseDirectory": {"include": ["*.py"]}})
    assert "by CourseDirectory.ignore or include: p1.ipynb" in released.ada.text


def test_notebooks_that_are_all_too_large_are_a_warning_as_in_nbgrader(released):
    released.ada.write("ps1/p1.ipynb", "x" * 3000)
    released.ada.run(ExchangeSubmit, "ps1", config={"CourseDirectory": {"max_file_size": 2}})
    assert "larger than max_file_size (2.0 kB): p1.ipynb" in released.ada.messages[-1]
    assert "p1.ipynb: MISSING" in released.ada.text


def test_one_of_several_notebooks_is_enough(released):
    released.ada.write("ps1/mine.ipynb")
    released.ada.run(ExchangeSubmit, "ps1")
    assert "p1.ipynb: MISSING" in released.ada.text


def test_an_assignment_that_has_no_notebooks_is_submitted_without(desks):
    desks.teacher.write("release/ps1/task.txt")
    desks.teacher.run(ExchangeReleaseAssignment, "ps1")
    desks.ada.write("ps1/essay.txt")
    desks.ada.run(ExchangeSubmit, "ps1")
    desks.teacher.run(ExchangeCollect, "ps1")
    assert "essay.txt" in collected(desks)


# --- what is left out -----------------------------------------------------------------------------------------


def test_whatever_does_not_travel_is_named(released):
    for path in ("p1.ipynb", "feedback/now/p1.html", ".ipynb_checkpoints/p1-checkpoint.ipynb", "part/x.pyc"):
        released.ada.write(f"ps1/{path}")
    os.mkfifo(released.ada.home / "ps1" / "pipe")
    released.ada.run(ExchangeSubmit, "ps1")
    *_, odd, ignored = released.ada.messages
    assert odd.endswith(": pipe")
    assert ignored == (
        "Left out by CourseDirectory.ignore or include: .ipynb_checkpoints, feedback, part/x.pyc"
    )
    released.teacher.run(ExchangeCollect, "ps1")
    assert set(collected(released)) == {"p1.ipynb", "timestamp.txt", "submission_secret.txt"}


# --- the same work again --------------------------------------------------------------------------------------


def submit(desk, **options):
    desk.run(ExchangeSubmit, "ps1", **options)
    return next(line for line in desk.messages if line.startswith("Submitted as: "))


def touch(desk, path="ps1/p1.ipynb"):
    long_ago = datetime(2001, 1, 1, tzinfo=UTC).timestamp()
    os.utime(desk.home / path, (long_ago, long_ago))


def test_unchanged_work_is_a_new_attempt_and_the_receipt_names_its_twin(released, people):
    released.ada.write("ps1/p1.ipynb", "work")
    assert "the same as" not in submit(released.ada)
    touch(released.ada)
    receipt = submit(released.ada)
    first, second = people.ada.assignments()[0]["submissions"]
    assert (first["attempt"], second["attempt"]) == (1, 2)
    assert first["sha256"] != second["sha256"], "the times in an archive are part of its digest"
    assert receipt.endswith(f", the same as attempt 1 of {first['submitted_at'][11:16]})")


def test_the_twin_is_the_newest_of_those_with_the_same_work(released):
    receipts = []
    for content in ("a", "b", "a", "a", "c"):
        released.ada.write("ps1/p1.ipynb", content)
        receipts.append(submit(released.ada))
    twins = [receipt.partition("the same as attempt ")[2].partition(" ")[0] for receipt in receipts]
    assert twins == ["", "", "1", "3", ""]


@pytest.mark.parametrize(
    "change",
    [
        lambda home: (home / "p1.ipynb").write_text("other"),
        lambda home: (home / "p1.ipynb").rename(home / "p2.ipynb"),
        lambda home: (home / "empty").mkdir(),
        lambda home: (home / "zero").touch(),
    ],
)
def test_other_contents_names_or_folders_are_other_work(released, change):
    released.ada.write("ps1/p1.ipynb", "work")
    submit(released.ada)
    change(released.ada.home / "ps1")
    assert "the same as" not in submit(released.ada)


def test_a_twin_of_another_day_is_named_with_the_day_in_the_students_zone(released, database):
    released.ada.write("ps1/p1.ipynb")
    submit(released.ada)
    then = datetime.now(UTC).replace(hour=20, minute=30) - timedelta(days=3)
    with database.write() as session:
        session.execute(update(Upload).where(Upload.kind == "submission").values(stamp=then))
    receipt = submit(released.ada, config={"Exchange": {"timezone": "Asia/Kathmandu"}})
    assert receipt.endswith(
        f", the same as attempt 1 of {then + timedelta(hours=5, minutes=45):%Y-%m-%d} 02:15)"
    )


def test_the_same_work_of_somebody_else_is_no_twin(released):
    for desk in (released.ada, released.ben):
        desk.write("ps1/p1.ipynb", "copied")
        assert "the same as" not in submit(desk)
    released.teacher.write("ps1/p1.ipynb", "copied")
    submit(released.teacher)
    assert "the same as" not in submit(released.teacher, coursedir={"student_id": "ben"})


def test_a_service_that_does_not_know_the_digest_is_not_sent_it(released, people, monkeypatch):
    monkeypatch.setattr(conventions, "REVISION", 1)
    released.ada.write("ps1/p1.ipynb")
    for _ in range(2):
        assert "the same as" not in submit(released.ada)
    assert ["tree_sha256" in record for record in people.ada.assignments()[0]["submissions"]] == [
        False,
        False,
    ]


def test_an_older_clients_attempt_is_no_twin(released, people):
    people.ada.submit(b"of an older client")
    released.ada.write("ps1/p1.ipynb")
    assert "the same as" not in submit(released.ada)


def test_the_digest_is_a_field_that_came_later():
    fields = {field.name: field for field in msgspec.structs.fields(protocol.UploadItem)}
    assert protocol.since_of(fields["tree_sha256"]) == 2
