"""Submit and collect."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from nbgrader.api import Gradebook
from nbgrader.exchange.abc.exchange import ExchangeError
from nbgrader.utils import parse_utc
from sqlalchemy import update
from support.classroom import Desk, make_feedback

from nbexchange.api.models import Upload
from nbexchange.plugin import (
    ExchangeCollect,
    ExchangeFetchFeedback,
    ExchangeList,
    ExchangeReleaseFeedback,
    ExchangeSubmit,
)
from nbexchange.plugin.failures import ServiceUnreachable
from nbexchange.plugin.packing import pack


def collected(desks, student="ada"):
    return desks.teacher.files(f"submitted/{student}/ps1")


def stamp_of(desks, student="ada"):
    return parse_utc(collected(desks, student)["timestamp.txt"].decode()).replace(tzinfo=UTC)


# --- submit ------------------------------------------------------------------------------------------------


def test_submit_gives_a_receipt(released):
    released.ada.write("ps1/p1.ipynb")
    released.ada.write("ps1/part/p2.ipynb")
    released.ada.run(ExchangeSubmit, "ps1")
    receipt = released.ada.messages[-1]
    assert receipt.startswith(f"Submitted as: cs1 ps1 {datetime.now(UTC):%Y-%m-%d}")
    assert "UTC (attempt 1, sha256 " in receipt
    released.ada.run(ExchangeSubmit, "ps1")
    assert "attempt 2" in released.ada.messages[-1]


def test_a_path_is_rewritten_to_the_name_of_the_assignment(released):
    """nbgrader's apps read it from the course directory that they share with the plugin."""
    released.ada.write("courses/ps1/p1.ipynb")
    submit = released.ada.make(ExchangeSubmit, "courses/ps1/")
    submit.start()
    assert submit.coursedir.assignment_id == "ps1"


def test_a_plus_in_a_login_name_is_a_character_like_others(released, token_file, tmp_path):
    """In nbgrader's own exchange it separates the parts of a file's name."""
    user = {"name": "a+b", "org_id": 1, "courses": [{"course_id": "cs1", "course_role": "Student"}]}
    desk = Desk(tmp_path / "homes" / "a+b", released.ada.url, token_file.create(user))
    desk.write("ps1/p1.ipynb", "plus")
    desk.run(ExchangeSubmit, "ps1")
    released.teacher.run(ExchangeCollect, "ps1")
    assert collected(released, "a+b")["p1.ipynb"] == b"plus"
    make_feedback(released.teacher, "a+b")
    released.teacher.run(ExchangeReleaseFeedback, "ps1")
    desk.run(ExchangeFetchFeedback, "ps1")
    (group,) = desk.run(ExchangeList, cached=True)
    assert group["student_id"] == "a+b"
    assert group["submissions"][0]["has_local_feedback"]


def test_missing_and_extra_notebooks_are_a_warning_and_with_strict_missing_ones_a_failure(released):
    released.ada.write("ps1/p1.ipynb")
    released.ada.write("ps1/extra.ipynb")
    released.ada.run(ExchangeSubmit, "ps1")
    for line in ("p1.ipynb: FOUND", "part/p2.ipynb: MISSING", "p1.ipynb: OK", "extra.ipynb: EXTRA"):
        assert line in released.ada.text
    with pytest.raises(ExchangeError, match=r"Assignment ps1 not submitted\. There are missing notebooks"):
        released.ada.run(ExchangeSubmit, "ps1", strict=True)
    released.ada.write("ps1/part/p2.ipynb")
    released.ada.run(ExchangeSubmit, "ps1", strict=True)


def test_what_is_not_released_cannot_be_submitted(released):
    released.ada.write("ps2/p1.ipynb")
    with pytest.raises(ExchangeError, match="ps2 is not released in cs1"):
        released.ada.run(ExchangeSubmit, "ps2")


def test_a_link_out_of_the_assignment_is_left_out_and_named_last(released):
    released.ada.write("ps1/p1.ipynb")
    (released.ada.home / "ps1" / "mine").symlink_to("/etc/passwd")
    released.ada.run(ExchangeSubmit, "ps1")
    assert "mine" in released.ada.messages[-1]
    released.teacher.run(ExchangeCollect, "ps1")
    assert "mine" not in collected(released)


def test_stamps_and_secrets_of_the_student_do_not_count(released):
    released.ada.write("ps1/p1.ipynb")
    released.ada.write("ps1/timestamp.txt", "2001-01-01 00:00:00.000000 UTC")
    released.ada.write("ps1/submission_secret.txt", "guess")
    released.ada.run(ExchangeSubmit, "ps1")
    released.teacher.run(ExchangeCollect, "ps1")
    assert stamp_of(released) > datetime.now(UTC) - timedelta(minutes=1)
    assert UUID(collected(released)["submission_secret.txt"].decode())


def test_an_empty_assignment_and_empty_files_travel(released):
    (released.ada.home / "ps1").mkdir()
    released.ada.run(ExchangeSubmit, "ps1")
    released.ben.write("ps1/zero.txt", "")
    (released.ben.home / "ps1" / "empty").mkdir()
    released.ben.run(ExchangeSubmit, "ps1")
    released.teacher.run(ExchangeCollect, "ps1")
    assert set(collected(released)) == {"timestamp.txt", "submission_secret.txt"}
    assert collected(released, "ben")["zero.txt"] == b""
    assert (released.teacher.home / "submitted" / "ben" / "ps1" / "empty").is_dir()


def test_a_file_that_changes_while_it_is_packed_is_told_and_nothing_is_recorded(
    released, people, monkeypatch
):
    place = released.ada.write("ps1/p1.ipynb", "x" * 1000)

    def meddle(tree, archive, limits):
        monkeypatch.undo()
        real = os.fstat

        def changing(fd):
            found = real(fd)
            place.write_text("y" * 2000)
            return found

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("nbexchange.plugin.packing.os.fstat", changing)
            return pack(tree, archive, limits)

    monkeypatch.setattr("nbexchange.plugin.exchange.pack", meddle)
    with pytest.raises(ExchangeError, match=r"p1\.ipynb changed while it was packed"):
        released.ada.run(ExchangeSubmit, "ps1")
    assert people.teacher.submissions() == []


def test_only_an_instructor_submits_for_somebody_else(released):
    released.ada.write("ps1/p1.ipynb")
    with pytest.raises(ExchangeError, match="Only an instructor of the course may submit for somebody else"):
        released.ada.run(ExchangeSubmit, "ps1", coursedir={"student_id": "ben"})
    released.ada.run(ExchangeSubmit, "ps1", coursedir={"student_id": "ada"})
    released.teacher.write("ps1/p1.ipynb", "on paper")
    released.teacher.run(ExchangeSubmit, "ps1", coursedir={"student_id": "ben"})
    released.teacher.run(ExchangeCollect, "ps1")
    assert collected(released, "ben")["p1.ipynb"] == b"on paper"
    assert "cheating" not in released.teacher.text


@pytest.mark.parametrize("student", ["a*", "a+b", "a/b"])
def test_a_student_id_that_cannot_be_is_refused(released, student):
    released.teacher.write("ps1/p1.ipynb")
    with pytest.raises(ExchangeError, match="student ID should contain no"):
        released.teacher.run(ExchangeSubmit, "ps1", coursedir={"student_id": student})


def test_three_broken_submits_do_not_lock_a_student_out(released, people, monkeypatch):
    """Each left an unfinished upload behind: two of them sent and never confirmed, one never sent."""

    def away(*_):
        raise ServiceUnreachable("away", "request-1")

    released.ada.write("ps1/p1.ipynb")
    for broken in ("complete", "complete", "put"):
        with monkeypatch.context() as patch:
            owner = (
                "nbexchange.plugin.storage.Storage" if broken == "put" else "nbexchange.plugin.client.Client"
            )
            patch.setattr(f"{owner}.{broken}", away)
            with pytest.raises(ExchangeError, match=r"away|have arrived"):
                released.ada.run(ExchangeSubmit, "ps1")
    released.ada.run(ExchangeSubmit, "ps1")
    assert [record["attempt"] for record in people.teacher.submissions()] == [1, 2, 3]
    assert people.ada.get("uploads").json["items"] == []


# --- collect -----------------------------------------------------------------------------------------------


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
        found = (ada.first_name, ada.last_name, ada.email, ada.lms_user_id)
    assert found == ("Ada van", "Test", "ada@example.org", "kept")


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


def test_a_submission_that_somebody_else_made_is_pointed_out(submitted, database):
    with database.write() as session:
        ben = session.query(Upload).filter_by(kind="submission").order_by(Upload.pk.desc()).first().actor_pk
        session.execute(update(Upload).where(Upload.kind == "submission").values(actor_pk=ben))
    submitted.teacher.run(ExchangeCollect, "ps1")
    assert (
        "claims to be submitted by ada but was submitted by ben; cheating attempt?" in submitted.teacher.text
    )
    submitted.teacher.run(ExchangeCollect, "ps1", check_owner=False, coursedir={"student_id": "x"})
    assert "cheating" not in submitted.teacher.text


def test_an_unreadable_local_stamp_is_replaced_on_update(submitted):
    submitted.teacher.run(ExchangeCollect, "ps1")
    submitted.teacher.write("submitted/ada/ps1/timestamp.txt", "no time at all")
    submitted.teacher.run(ExchangeCollect, "ps1", update=True)
    assert stamp_of(submitted) > datetime.now(UTC) - timedelta(minutes=5)


def test_a_student_cannot_collect(submitted, gradebook_template):
    shutil.copy(gradebook_template, submitted.ada.home / "gradebook.db")
    with pytest.raises(ExchangeError, match="Only an instructor of cs1"):
        submitted.ada.run(ExchangeCollect, "ps1")
