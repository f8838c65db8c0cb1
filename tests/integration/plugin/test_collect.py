"""Collect: the newest attempt of each student, whole or not at all, with its stamp."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from nbgrader.api import Gradebook
from nbgrader.exchange.abc.exchange import ExchangeError
from sqlalchemy import update
from support.people.classroom import collected, stamp_of

from nbexchange.api.db.models import Person, Upload
from nbexchange.plugin import (
    ExchangeCollect,
    ExchangeSubmit,
)


def test_collect_brings_what_was_submitted_with_stamp_and_id(submitted):
    submitted.teacher.run(ExchangeCollect, "ps1")
    assert collected(submitted)["p1.ipynb"] == b"work of ada"
    assert "part/p2.ipynb" in collected(submitted)
    assert "Processing 2 submissions of 'ps1' for course 'cs1'" in submitted.teacher.text
    assert submitted.teacher.messages[-1] == "2 new, 0 updated, 0 unchanged"
    assert submitted.teacher.leftovers() == []


def test_collect_takes_the_newest_and_update_replaces_the_older(submitted):
    submitted.ada.write("ps1/p1.ipynb", "second")
    submitted.ada.run(ExchangeSubmit, "ps1")
    submitted.teacher.run(ExchangeCollect, "ps1")
    assert collected(submitted)["p1.ipynb"] == b"second"
    first_stamp = stamp_of(submitted)
    submitted.ada.write("ps1/p1.ipynb", "third")
    (submitted.ada.home / "ps1" / "part" / "p2.ipynb").unlink()
    submitted.ada.run(ExchangeSubmit, "ps1")
    submitted.teacher.run(ExchangeCollect, "ps1")
    assert "use --update to update: ada ps1" in submitted.teacher.text
    assert collected(submitted)["p1.ipynb"] == b"second"
    submitted.teacher.run(ExchangeCollect, "ps1", update=True)
    assert collected(submitted)["p1.ipynb"] == b"third"
    assert "part/p2.ipynb" not in collected(submitted)
    assert stamp_of(submitted) > first_stamp
    assert "No newer submission to collect: ben ps1" in submitted.teacher.text
    assert submitted.teacher.messages[-1] == "0 new, 1 updated, 1 unchanged"


def test_collect_of_some_students(submitted):
    submitted.teacher.run(ExchangeCollect, "ps1", coursedir={"student_id": "a*"})
    assert not (submitted.teacher.home / "submitted" / "ben").exists()
    submitted.teacher.run(ExchangeCollect, "ps1", coursedir={"student_id": "ben"})
    assert collected(submitted, "ben")


def test_before_duedate_takes_the_last_in_time_or_else_the_last(submitted, database):
    due = datetime.now(UTC) + timedelta(hours=1)
    submitted.ada.write("ps1/p1.ipynb", "too late")
    submitted.ada.run(ExchangeSubmit, "ps1")
    with database.write() as session:
        newest = session.query(Upload).filter_by(kind="submission").order_by(Upload.pk.desc()).first()
        session.execute(update(Upload).where(Upload.pk == newest.pk).values(stamp=due + timedelta(minutes=1)))
        session.execute(
            update(Upload)
            .where(Upload.student_pk != newest.student_pk)
            .values(stamp=due + timedelta(minutes=2))
        )
    with Gradebook(f"sqlite:///{submitted.teacher.home}/gradebook.db") as gradebook:
        gradebook.update_or_create_assignment("ps1", duedate=due.replace(tzinfo=None))
    submitted.teacher.run(ExchangeCollect, "ps1")
    assert collected(submitted)["p1.ipynb"] == b"too late"
    submitted.teacher.run(ExchangeCollect, "ps1", before_duedate=True)
    assert collected(submitted)["p1.ipynb"] == b"work of ada"
    assert collected(submitted, "ben")["p1.ipynb"] == b"work of ben"


def test_names_and_addresses_reach_the_gradebook_and_blank_nothing(submitted):
    url = f"sqlite:///{submitted.teacher.home}/gradebook.db"
    with Gradebook(url) as gradebook:
        gradebook.add_student("ada", lms_user_id="kept", email="old@example.org")
    submitted.teacher.run(ExchangeCollect, "ps1")
    with Gradebook(url) as gradebook:
        ada = gradebook.find_student("ada")
        contact = (ada.first_name, ada.last_name, ada.email, ada.lms_user_id)
    assert contact == ("Ada van", "Test", "ada@example.org", "kept")


HOSTILE = {
    "full_name": "\x1b[2J<script>alert(1)</script> =HYPERLINK(1)" + "x" * 200,
    "email": "=cmd@example.org",
    "lms_user_id": "7\u202e",
}


def test_nothing_reaches_the_gradebook_that_it_or_another_program_would_obey(submitted, database):
    """As a service of before may have stored it."""
    with database.write() as session:
        session.execute(update(Person).where(Person.name == "ada").values(**HOSTILE))
    submitted.teacher.run(ExchangeCollect, "ps1")
    with Gradebook(f"sqlite:///{submitted.teacher.home}/gradebook.db") as gradebook:
        ada, ben = (gradebook.find_student(name) for name in ("ada", "ben"))
        contact = (ada.first_name, ada.last_name, ada.email, ada.lms_user_id)
        others = (ben.first_name, ben.last_name, ben.email)
    assert contact == ("[2Jscriptalert(1)/script", f"HYPERLINK(1){'x' * 90}", None, None)
    assert others == ("Ben van", "Test", "ben@example.org")


def test_one_for_whose_name_the_gradebook_has_no_room_keeps_no_other_names_out_of_it(submitted, database):
    """On PostgreSQL it would refuse them all."""
    with database.write() as session:
        session.execute(update(Person).where(Person.name == "ada").values(name="a" * 200))
    submitted.teacher.run(ExchangeCollect, "ps1")
    assert collected(submitted, "a" * 200)["p1.ipynb"] == b"work of ada"
    with Gradebook(f"sqlite:///{submitted.teacher.home}/gradebook.db") as gradebook:
        assert [(student.id, student.last_name) for student in gradebook.students] == [("ben", "Test")]


def test_a_student_whose_name_is_no_id_is_named_and_the_others_are_collected(submitted, database):
    with database.write() as session:
        session.execute(update(Person).where(Person.name == "ada").values(name="a<b>\u202eda"))
    with pytest.raises(ExchangeError, match=r"1 new, 0 updated, 0 unchanged, 1 failed: a<b>\\u202eda"):
        submitted.teacher.run(ExchangeCollect, "ps1")
    assert collected(submitted, "ben")["p1.ipynb"] == b"work of ben"
    assert [path.name for path in (submitted.teacher.home / "submitted").iterdir()] == ["ben"]
    assert "names a student 'a<b>\\u202eda'" in submitted.teacher.text


def test_one_submission_that_fails_does_not_stop_the_others(submitted, store):
    (broken, *_) = sorted(store.objects.glob("v1/*/*/submission/*/data"), key=os.path.getmtime)
    broken.write_bytes(broken.read_bytes()[:-1] + b"!")
    with pytest.raises(ExchangeError, match=r"1 new, 0 updated, 0 unchanged, 1 failed: ada"):
        submitted.teacher.run(ExchangeCollect, "ps1")
    assert collected(submitted, "ben")["p1.ipynb"] == b"work of ben"
    assert collected(submitted, "ada") == {}
    assert "its digest differs" in submitted.teacher.text
    assert submitted.teacher.leftovers() == []


def test_a_configured_directory_limit_fails_that_student_alone(submitted):
    submitted.ada.write("ps1/data.bin", bytes(3000))
    submitted.ada.run(ExchangeSubmit, "ps1")
    config = {"CourseDirectory": {"max_dir_size": 2}}
    with pytest.raises(ExchangeError, match="1 new, 0 updated, 0 unchanged, 1 failed: ada"):
        submitted.teacher.run(ExchangeCollect, "ps1", config=config)
    assert "max_dir_size is 2.0 kB" in submitted.teacher.text


def test_an_update_that_fails_leaves_the_older_copy(submitted, store):
    submitted.teacher.run(ExchangeCollect, "ps1")
    before = collected(submitted)
    submitted.ada.write("ps1/p1.ipynb", "second")
    submitted.ada.run(ExchangeSubmit, "ps1")
    newest = max(store.objects.glob("v1/*/*/submission/*/data"), key=os.path.getmtime)
    newest.write_bytes(b"\0" * newest.stat().st_size)
    with pytest.raises(ExchangeError, match="1 failed: ada"):
        submitted.teacher.run(ExchangeCollect, "ps1", update=True)
    assert collected(submitted) == before


def test_an_upload_that_arrived_long_after_its_stamp_is_pointed_out(submitted, database):
    with database.write() as session:
        session.execute(update(Upload).values(completed_at=datetime.now(UTC) + timedelta(minutes=42)))
    submitted.teacher.run(ExchangeCollect, "ps1")
    assert "ada was stamped" in submitted.teacher.text
    assert "arrived 42 minutes later" in submitted.teacher.text


def test_a_submission_that_an_instructor_made_for_a_student_is_pointed_out_to_those_who_want_it(submitted):
    submitted.teacher.write("ps1/p1.ipynb", "on paper")
    submitted.teacher.nbgrader("submit", "ps1", "--student=ben")
    said = submitted.teacher.nbgrader("collect", "ps1")
    assert (
        "WARNING] ps1: attempt 2 of ben was submitted by teacher, then an instructor of the course (" in said
    )
    assert said.count("WARNING") == 1
    shutil.rmtree(submitted.teacher.home / "submitted")
    said = submitted.teacher.nbgrader("collect", "ps1", "--ExchangeCollect.check_owner=False")
    assert "2 new" in said
    assert "WARNING" not in said


def test_a_submission_that_somebody_else_made_is_suspicious(submitted, database):
    """As none can be made, unless the service or its database was tampered with."""
    with database.write() as session:
        ben = session.query(Upload).filter_by(kind="submission").order_by(Upload.pk.desc()).first().actor_pk
        session.execute(update(Upload).where(Upload.kind == "submission").values(actor_pk=ben))
    submitted.teacher.run(ExchangeCollect, "ps1")
    assert "attempt 1 of ada was submitted by ben; cheating attempt?" in submitted.teacher.text


def test_an_unreadable_local_stamp_is_replaced_on_update(submitted):
    submitted.teacher.run(ExchangeCollect, "ps1")
    submitted.teacher.write("submitted/ada/ps1/timestamp.txt", "no time at all")
    submitted.teacher.run(ExchangeCollect, "ps1", update=True)
    assert stamp_of(submitted) > datetime.now(UTC) - timedelta(minutes=5)


def test_students_who_have_one_folder_on_the_disk_keep_it_from_each_other(submitted):
    """As two have whose names differ in case alone, on a disk that does not tell them apart: a link stands for it."""
    submitted.teacher.run(ExchangeCollect, "ps1")
    before = submitted.teacher.files("submitted/ada/ps1")
    shutil.rmtree(submitted.teacher.home / "submitted" / "ben")
    (submitted.teacher.home / "submitted" / "ben").symlink_to("ada")
    submitted.ben.run(ExchangeSubmit, "ps1")
    with pytest.raises(ExchangeError, match="ada and ben have one folder on this disk"):
        submitted.teacher.run(ExchangeCollect, "ps1", update=True)
    assert submitted.teacher.files("submitted/ada/ps1") == before


def test_a_student_cannot_collect(submitted, gradebook_template):
    shutil.copy(gradebook_template, submitted.ada.home / "gradebook.db")
    with pytest.raises(ExchangeError, match="Only a grader or an instructor of cs1"):
        submitted.ada.run(ExchangeCollect, "ps1")
