"""Feedback, there and back."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from pathlib import Path

import pytest
from nbgrader.exchange.abc.exchange import ExchangeError
from support.people.classroom import Desk, make_feedback

from nbexchange.plugin import (
    ExchangeCollect,
    ExchangeFetchFeedback,
    ExchangeList,
    ExchangeReleaseFeedback,
    ExchangeSubmit,
)
from nbexchange.plugin.failures import ServiceUnreachable
from nbexchange.plugin.service.client import Client


def grade(desks, *students, text="well done"):
    for student in students:
        make_feedback(desks.teacher, student, text=f"{text}, {student}")


@pytest.fixture
def graded(submitted):
    """The classroom with feedback generated for ada and ben."""
    submitted.teacher.run(ExchangeCollect, "ps1")
    grade(submitted, "ada", "ben")
    return submitted


def test_feedback_reaches_its_student_and_nobody_else(graded):
    graded.teacher.run(ExchangeReleaseFeedback, "ps1")
    assert "Released feedback for student 'ada' on assignment 'cs1/ps1/p1'" in graded.teacher.text
    (group,) = graded.ada.run(ExchangeList, cached=True)
    stamp = group["submissions"][0]["timestamp"]
    graded.ada.run(ExchangeFetchFeedback, "ps1")
    assert graded.ada.files("ps1/feedback") == {f"{stamp}/p1.html": b"well done, ada"}
    graded.ben.run(ExchangeFetchFeedback, "ps1")
    assert list(graded.ben.files("ps1/feedback").values()) == [b"well done, ben"]
    assert graded.ada.leftovers() == []


def test_feedback_follows_the_student_to_another_machine(graded, tmp_path):
    graded.teacher.run(ExchangeReleaseFeedback, "ps1")
    elsewhere = Desk(tmp_path / "elsewhere", graded.ada.url, graded.ada.token)
    elsewhere.home.mkdir()
    elsewhere.run(ExchangeFetchFeedback, "ps1")
    assert list(elsewhere.files("ps1/feedback").values()) == [b"well done, ada"]


def release_feedback_twice(graded):
    """On ada's first attempt, and on her second, which is collected in its place."""
    graded.teacher.run(ExchangeReleaseFeedback, "ps1")
    graded.ada.write("ps1/p1.ipynb", "second")
    graded.ada.run(ExchangeSubmit, "ps1")
    graded.teacher.run(ExchangeCollect, "ps1", update=True)
    grade(graded, "ada", text="much better")
    graded.teacher.run(ExchangeReleaseFeedback, "ps1")


def test_feedback_goes_with_the_submission_it_is_about(graded):
    release_feedback_twice(graded)
    graded.ada.run(ExchangeFetchFeedback, "ps1")
    files = sorted(graded.ada.files("ps1/feedback").items())
    assert [content for _, content in files] == [b"well done, ada", b"much better, ada"]


def test_released_again_feedback_replaces_the_older(graded):
    graded.teacher.run(ExchangeReleaseFeedback, "ps1")
    graded.ada.run(ExchangeFetchFeedback, "ps1")
    grade(graded, "ada", text="corrected")
    graded.teacher.run(ExchangeReleaseFeedback, "ps1")
    graded.ada.run(ExchangeFetchFeedback, "ps1")
    assert list(graded.ada.files("ps1/feedback").values()) == [b"corrected, ada"]


def test_feedback_of_some_students_and_not_of_others(graded):
    graded.teacher.run(ExchangeReleaseFeedback, "ps1", coursedir={"student_id_exclude": "ada"})
    graded.ada.run(ExchangeFetchFeedback, "ps1")
    assert "Could not find feedback for 'cs1/ps1'" in graded.ada.text
    graded.teacher.run(ExchangeReleaseFeedback, "ps1", coursedir={"student_id": "ada"})
    graded.ada.run(ExchangeFetchFeedback, "ps1")
    assert graded.ada.files("ps1/feedback")


def test_feedback_without_a_secret_is_matched_by_its_stamp(graded):
    (graded.teacher.home / "feedback" / "ada" / "ps1" / "submission_secret.txt").unlink()
    graded.teacher.write("feedback/ben/ps1/submission_secret.txt", "a" * 128)
    graded.teacher.run(ExchangeReleaseFeedback, "ps1")
    for desk in (graded.ada, graded.ben):
        desk.run(ExchangeFetchFeedback, "ps1")
        (group,) = desk.run(ExchangeList, cached=True)
        assert group["submissions"][0]["has_local_feedback"] is True


def test_one_feedback_that_cannot_be_released_does_not_stop_the_others(graded):
    for name in ("timestamp.txt", "submission_secret.txt"):
        (graded.teacher.home / "feedback" / "ada" / "ps1" / name).unlink()
    graded.teacher.write("feedback/ben/ps1/p2.html", "")
    with pytest.raises(ExchangeError, match="not released for: ada/p1, ben/p2\n"):
        graded.teacher.run(ExchangeReleaseFeedback, "ps1")
    assert "The file is empty" in graded.teacher.text
    graded.ben.run(ExchangeFetchFeedback, "ps1")
    assert list(graded.ben.files("ps1/feedback").values()) == [b"well done, ben"]


def test_feedback_for_a_student_whom_the_exchange_never_saw(released):
    released.teacher.write("feedback/ada/ps1/p1.html", "by hand")
    released.teacher.write("feedback/ada/ps1/timestamp.txt", "2026-01-02 03:04:05.000006 UTC")
    released.teacher.run(ExchangeReleaseFeedback, "ps1")
    released.ada.run(ExchangeFetchFeedback, "ps1")
    assert released.ada.files("ps1/feedback") == {"2026-01-02 03:04:05.000006 UTC/p1.html": b"by hand"}


def test_feedback_for_an_assignment_that_was_released_elsewhere(desks, people):
    """An installation moves here in the middle of a course; what is graded was never released here."""
    desks.teacher.write("feedback/ada/ps0/p1.html", "from before")
    desks.teacher.write("feedback/ada/ps0/timestamp.txt", "2026-01-02 03:04:05.000006 UTC")
    desks.teacher.write("feedback/ada/ps0/submission_secret.txt", "ab" * 64)
    desks.teacher.run(ExchangeReleaseFeedback, "ps0")
    desks.ada.run(ExchangeFetchFeedback, "ps0")
    assert list(desks.ada.files("ps0/feedback").values()) == [b"from before"]
    assert desks.ada.run(ExchangeList) == []
    assert people.ben.assignments() == []


def test_more_feedback_than_one_batch_carries(released):
    for number in range(130):
        released.teacher.write(f"feedback/s{number}/ps1/p1.html", f"for {number}")
        released.teacher.write(f"feedback/s{number}/ps1/timestamp.txt", "2026-01-02 03:04:05 UTC")
    released.teacher.run(ExchangeReleaseFeedback, "ps1")
    assert sum("Released feedback" in line for line in released.teacher.messages) == 130


def test_feedback_that_breaks_off_between_two_batches_is_told_as_far_as_it_came(released, monkeypatch):
    monkeypatch.setattr("nbexchange.plugin.release_feedback.MAX_ITEMS", 2)
    for number in range(5):
        released.teacher.write(f"feedback/s{number}/ps1/p1.html", f"for {number}")
        released.teacher.write(f"feedback/s{number}/ps1/timestamp.txt", "2026-01-02 03:04:05 UTC")
    released.teacher.write("feedback/s0/ps1/p2.html", "")
    real, batches = Client.initiate, count(1)

    def away_the_second_time(self, batch):
        if next(batches) == 2:
            raise ServiceUnreachable("The service is away.", "request-1")
        return real(self, batch)

    monkeypatch.setattr(Client, "initiate", away_the_second_time)
    with pytest.raises(
        ExchangeError,
        match=r"for: s0/p2, s1/p1, s2/p1, s3/p1, s4/p1\n.*\ns1/p1, s2/p1, s3/p1, s4/p1: The service is away",
    ):
        released.teacher.run(ExchangeReleaseFeedback, "ps1")
    assert "Released feedback for student 's0'" in released.teacher.text
    assert released.teacher.text.count("The service is away. (request request-1)") == 4 + 1


def test_one_feedback_file_that_cannot_be_read_does_not_stop_the_others(graded):
    graded.teacher.write("feedback/ada/ps1/p0.html", "")
    unreadable = graded.teacher.home / "feedback" / "ada" / "ps1" / "p0.html"
    unreadable.unlink()
    unreadable.mkdir()
    with pytest.raises(
        ExchangeError, match=r"not released for: ada/p0\nada/p0: There is something at .*p0\.html already"
    ):
        graded.teacher.run(ExchangeReleaseFeedback, "ps1")
    graded.ada.run(ExchangeFetchFeedback, "ps1")
    assert list(graded.ada.files("ps1/feedback").values()) == [b"well done, ada"]


def test_one_feedback_that_cannot_be_written_does_not_stop_the_others(graded):
    graded.teacher.write("feedback/ada/ps1/p0.html", "more")
    graded.teacher.run(ExchangeReleaseFeedback, "ps1")
    (group,) = graded.ada.run(ExchangeList, cached=True)
    stamp = group["submissions"][0]["timestamp"]
    (graded.ada.home / "ps1" / "feedback" / stamp / "p0.html").mkdir(parents=True)
    with pytest.raises(
        ExchangeError, match=r"not fetched: [^\n]*/p0\.html\n.*: There is something at .*/p0\.html already"
    ):
        graded.ada.run(ExchangeFetchFeedback, "ps1")
    assert list(graded.ada.files("ps1/feedback").values()) == [b"well done, ada"]
    assert graded.ada.leftovers() == []


def test_no_feedback_at_all_is_no_failure(released):
    released.teacher.run(ExchangeReleaseFeedback, "ps1")
    released.ada.run(ExchangeFetchFeedback, "ps1")
    assert released.ada.files() == {}


def test_a_student_cannot_release_feedback(graded):
    graded.ada.write("feedback/ben/ps1/p1.html", "poison")
    graded.ada.write("feedback/ben/ps1/timestamp.txt", "2026-01-02 03:04:05 UTC")
    with pytest.raises(ExchangeError, match="Only a grader or an instructor of cs1"):
        graded.ada.run(ExchangeReleaseFeedback, "ps1")


def test_the_directory_of_feedback_is_the_stamp_in_the_students_zone_and_format(graded):
    graded.teacher.run(ExchangeReleaseFeedback, "ps1")
    config = {"Exchange": {"timezone": "Asia/Kathmandu", "timestamp_format": "%Y-%m-%d %H:%M:%S.%f %z"}}
    graded.ada.run(ExchangeFetchFeedback, "ps1", config=config)
    (path,) = graded.ada.files("ps1/feedback")
    assert datetime.strptime(path.partition("/")[0], "%Y-%m-%d %H:%M:%S.%f %z").utcoffset()
    (group,) = graded.ada.run(ExchangeList, cached=True, config=config)
    assert group["submissions"][0]["has_local_feedback"] is True


@pytest.mark.parametrize("format_", ["%Y-%m-%d %H:%M", "%Y", "%d/%m/%Y %H:%M"])
def test_attempts_within_a_minute_never_share_a_folder_under_a_coarse_format(graded, format_):
    release_feedback_twice(graded)
    config = {"Exchange": {"timestamp_format": format_}}
    graded.ada.run(ExchangeFetchFeedback, "ps1", config=config)
    assert set(graded.ada.files("ps1/feedback").values()) == {b"well done, ada", b"much better, ada"}
    (group,) = graded.ada.run(ExchangeList, cached=True, config=config)
    first, second = group["submissions"]
    assert first["has_local_feedback"] is second["has_local_feedback"] is True
    assert first["feedback_updated"] is second["feedback_updated"] is False
    assert Path(first["local_feedback_path"], "p1.html").read_text() == "well done, ada"
    assert Path(second["local_feedback_path"], "p1.html").read_text() == "much better, ada"


@pytest.mark.parametrize(
    ("structure", "folder"),
    [
        ("{nbgrader_step}/{assignment_id}/{student_id}", "feedback/ps1/ada"),
        ("{nbgrader_step}/{student_id}/{assignment_id} of {student_id}", "feedback/ada/ps1 of ada"),
    ],
)
def test_the_course_directory_may_have_another_structure(graded, structure, folder):
    for name, content in graded.teacher.files("feedback/ada/ps1").items():
        graded.teacher.write(f"{folder}/{name}", content)
    config = {"CourseDirectory": {"directory_structure": structure}}
    graded.teacher.run(ExchangeReleaseFeedback, "ps1", config=config)
    graded.ada.run(ExchangeFetchFeedback, "ps1")
    assert list(graded.ada.files("ps1/feedback").values()) == [b"well done, ada"]
