"""Submit: a receipt, what travels and what does not."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from nbgrader.exchange.abc.exchange import ExchangeError
from support.people.callers import archive_item
from support.people.classroom import Desk, collected, make_feedback, stamp_of

from nbexchange.api.config.quotas import Quotas
from nbexchange.plugin import (
    ExchangeCollect,
    ExchangeFetchFeedback,
    ExchangeList,
    ExchangeReleaseFeedback,
    ExchangeSubmit,
)
from nbexchange.plugin.archives.packing import pack
from nbexchange.plugin.failures import ServiceUnreachable


def test_submit_gives_a_receipt(released):
    released.ada.write("ps1/p1.ipynb")
    released.ada.write("ps1/part/p2.ipynb")
    released.ada.run(ExchangeSubmit, "ps1")
    receipt = released.ada.messages[-1]
    assert re.match(r"Submitted as: cs1 ps1 20\d\d-\d\d-\d\d \d\d:\d\d UTC \(attempt 1, sha256 ", receipt)
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


def test_empty_files_and_folders_travel(released):
    for name in ("p1.ipynb", "zero.txt"):
        released.ben.write(f"ps1/{name}", "")
    (released.ben.home / "ps1" / "empty").mkdir()
    released.ben.run(ExchangeSubmit, "ps1")
    released.teacher.run(ExchangeCollect, "ps1")
    assert collected(released, "ben")["zero.txt"] == b""
    assert (released.teacher.home / "submitted" / "ben" / "ps1" / "empty").is_dir()


def test_a_file_that_changes_while_it_is_packed_is_told_and_nothing_is_recorded(
    released, people, monkeypatch
):
    path = released.ada.write("ps1/p1.ipynb", "x" * 1000)

    def meddle(tree, archive, limits):
        monkeypatch.undo()
        real = os.fstat

        def changing(fd):
            status = real(fd)
            path.write_text("y" * 2000)
            return status

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("nbexchange.plugin.archives.packing.os.fstat", changing)
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
                "nbexchange.plugin.transfer.storage.Storage"
                if broken == "put"
                else "nbexchange.plugin.service.client.Client"
            )
            patch.setattr(f"{owner}.{broken}", away)
            with pytest.raises(ExchangeError, match=r"away|have arrived"):
                released.ada.run(ExchangeSubmit, "ps1")
    released.ada.run(ExchangeSubmit, "ps1")
    assert [record["attempt"] for record in people.teacher.submissions()] == [1, 2, 3]
    assert people.ada.get("uploads").json["items"] == []


def test_a_submit_that_clears_the_way_publishes_nothing(released, people):
    """An instructor tries the assignment out, having given up a release of it: that one is never published."""
    unconfirmed = archive_item(b"given up", force=True)
    (granted,) = people.teacher.begin("release", unconfirmed)
    people.teacher.put(granted, b"given up")
    for number in range(3):
        people.teacher.begin("submission", archive_item(b"%d" % number))
    released.teacher.write("ps1/p1.ipynb")
    released.teacher.run(ExchangeSubmit, "ps1")
    (entry,) = people.ada.assignments()
    assert entry["release"]["version"] == 1
    (pending,) = people.teacher.get("uploads").json["items"]
    assert pending["kind"] == "release"


@pytest.mark.parametrize("quotas", [Quotas(submissions_per_minute=1)], ids=["one a minute"])
def test_who_has_reached_a_limit_is_told_when_there_is_room(released):
    released.ada.write("ps1/p1.ipynb", "work")
    released.ada.run(ExchangeSubmit, "ps1")
    told = r"next in [0-9]+ seconds\. Nothing was sent: run the command again then\. \(request "
    with pytest.raises(ExchangeError, match=told):
        released.ada.run(ExchangeSubmit, "ps1")
