"""What `nbgrader list --remove` takes away: what was listed, and nothing else."""

from __future__ import annotations

import json
import re
from itertools import count
from uuid import uuid4

import msgspec
import pytest
from nbgrader.exchange.abc.exchange import ExchangeError
from support.people.classroom import attempt_stamps, listed_lines

from nbexchange.plugin import ExchangeList, ExchangeReleaseAssignment
from nbexchange.plugin.failures import ServiceUnreachable
from nbexchange.plugin.service.client import Client


def inbound(desk, *options):
    return listed_lines(desk.nbgrader("list", "--inbound", *options))[1:]


def cached(desk):
    return listed_lines(desk.nbgrader("list", "--cached"))[1:]


def test_removing_a_release_hides_it_and_says_which(submitted):
    (info,) = submitted.teacher.run(ExchangeList, "ps1", remove=True)
    assert info["status"] == "removed"
    assert submitted.teacher.messages == ["Removing released assignments:", "cs1 ps1"]
    assert submitted.ada.run(ExchangeList) == []
    assert submitted.ada.run(ExchangeList, cached=True)


def test_a_student_cannot_remove_a_release(released):
    with pytest.raises(ExchangeError, match="Only an instructor of cs1"):
        released.ada.run(ExchangeList, "ps1", remove=True)
    assert released.ada.run(ExchangeList)


def test_a_release_that_cannot_be_removed_is_named_and_the_others_are_removed(released, token_file):
    """Who teaches one course may be a student in another."""
    released.teacher.token = token_file.create(
        {
            "name": "both",
            "courses": [
                {"course_id": "cs1", "course_role": "Student"},
                {"course_id": "cs0", "course_role": "Instructor"},
            ],
        }
    )
    released.teacher.run(ExchangeReleaseAssignment, "ps1", course="cs0")
    with pytest.raises(ExchangeError, match=r"^Not removed: cs1 ps1\ncs1 ps1: Only an instructor of cs1"):
        released.teacher.run(ExchangeList, course="", remove=True)
    assert released.teacher.messages[:2] == ["Removing released assignments:", "cs0 ps1"]
    assert "Not removed: cs1 ps1: Only an instructor of cs1" in released.teacher.text
    assert [info["course_id"] for info in released.teacher.run(ExchangeList, course="")] == ["cs1"]


def test_removal_that_breaks_off_between_two_batches_is_told_as_far_as_it_came(submitted, monkeypatch):
    real, batches = Client._call, count(1)

    def away_the_second_time(self, method, path, *arguments, **options):
        if path == "v1/submissions/remove" and next(batches) == 2:
            raise ServiceUnreachable("The service is away.", "request-1")
        return real(self, method, path, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr("nbexchange.protocol.MAX_ITEMS", 1)
        patch.setattr(Client, "_call", away_the_second_time)
        with pytest.raises(
            ExchangeError, match=r"^Not removed: cs1 \w+ ps1 [^,\n]*\ncs1 .*: The service is away"
        ):
            submitted.teacher.run(ExchangeList, inbound=True, remove=True)
    assert len([line for line in submitted.teacher.messages if line.startswith("cs1 ")]) == 1
    assert "The service is away. (request request-1)" in submitted.teacher.text
    assert len(inbound(submitted.teacher)) == 1


def test_an_instructor_removes_from_the_course_what_was_listed_and_nothing_else(submitted, people):
    (ada_stamp,), (ben_stamp,) = attempt_stamps(people), attempt_stamps(people, "ben")
    said = listed_lines(submitted.teacher.nbgrader("list", "--inbound", "--remove", "--student=a*", "ps1"))
    assert said == ["Removing submitted assignments:", f"cs1 ada ps1 {ada_stamp}"]
    assert inbound(submitted.teacher) == [f"cs1 ben ps1 {ben_stamp} (no feedback available)"]
    assert len(cached(submitted.ada)) == 1
    assert "Processing 1 submissions" in submitted.teacher.nbgrader("collect", "ps1")
    assert "ps1/p1.ipynb" in submitted.ada.files()
    submitted.teacher.nbgrader("list", "--inbound", "--remove")
    assert inbound(submitted.teacher) == []


def test_removal_says_the_status_in_every_entry(submitted):
    (group,) = submitted.ada.run(ExchangeList, cached=True, remove=True)
    assert (group["status"], group["submissions"][0]["status"]) == ("removed", "removed")
    json.dumps(group)


@pytest.mark.parametrize("flag", ["--inbound", "--cached"])
def test_a_student_removes_from_their_own_list_alone(submitted, people, flag):
    submitted.teacher.write("release/ps2/p1.ipynb")
    submitted.teacher.nbgrader("release_assignment", "ps2")
    submitted.ada.nbgrader("fetch_assignment", "ps2")
    submitted.ada.nbgrader("submit", "ps2")
    (stamp,) = attempt_stamps(people)
    said = listed_lines(submitted.ada.nbgrader("list", flag, "--remove", "ps1"))
    assert said == ["Removing submitted assignments:", f"cs1 ada ps1 {stamp}"]
    (left,) = cached(submitted.ada)
    assert left.startswith("cs1 ada ps2 ")
    assert len(inbound(submitted.teacher)) == 3
    assert "Processing 2 submissions" in submitted.teacher.nbgrader("collect", "ps1")
    assert "ps1/p1.ipynb" in submitted.ada.files()


def test_what_an_instructor_removes_from_their_own_list_stays_in_the_course(submitted):
    submitted.teacher.write("ps1/p1.ipynb")
    submitted.teacher.nbgrader("submit", "ps1")
    assert len(listed_lines(submitted.teacher.nbgrader("list", "--cached", "--remove"))) == 2
    assert cached(submitted.teacher) == []
    assert len(inbound(submitted.teacher)) == 3


def test_nothing_to_remove_is_no_failure(released):
    said = released.teacher.nbgrader("list", "--inbound", "--remove")
    assert "[ListApp | INFO] Removing submitted assignments:\n[ListApp | WARNING] Nothing to remove" in said


def test_one_that_cannot_be_removed_is_named_and_the_others_are_removed(submitted, monkeypatch, calls):
    """It was purged between the list and the removal."""
    real = Client.submissions

    def and_one_that_is_gone(self, query):
        for record in real(self, query):
            yield record
            yield msgspec.structs.replace(record, id=uuid4(), student_id="carol")

    with monkeypatch.context() as patch:
        patch.setattr(Client, "submissions", and_one_that_is_gone)
        patch.setattr("nbexchange.protocol.MAX_ITEMS", 1)
        with pytest.raises(ExchangeError, match=r"^Not removed: cs1 carol ps1 [^,]*, cs1 carol ps1 "):
            submitted.teacher.run(ExchangeList, inbound=True, remove=True)
    assert calls.count("v1/submissions/remove") == 4  # one batch each
    removed = [line for line in submitted.teacher.messages if line.startswith(("cs1 ada", "cs1 ben"))]
    assert len(removed) == 2
    assert re.search(r"You have no such submission\. .*\(request ", submitted.teacher.text)
    assert inbound(submitted.teacher) == []
