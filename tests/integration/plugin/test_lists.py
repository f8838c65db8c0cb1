"""Lists: the exact lines, every key that nbgrader reads, and removal of what is listed."""

from __future__ import annotations

import json
import re
from itertools import count
from uuid import uuid4

import msgspec
import pytest
from nbgrader.exchange.abc.exchange import ExchangeError
from support.people.classroom import Desk, make_feedback

from nbexchange.plugin import ExchangeFetchAssignment, ExchangeList, ExchangeReleaseAssignment
from nbexchange.plugin.failures import ServiceUnreachable
from nbexchange.plugin.service.client import Client


def lines(said):
    """What was printed, without the name of the application."""
    for line in said.splitlines():
        assert line.startswith("[ListApp | INFO] "), line
    return [line.partition("] ")[2] for line in said.splitlines()]


def stamps(people, student="ada"):
    """The stamps of a student's attempts, as nbgrader writes them."""
    records = getattr(people, student).assignments()[0]["submissions"]
    return [record["submitted_at"].replace("T", " ").replace("Z", " UTC") for record in records]


def give_feedback(desks, *students, text="good"):
    desks.teacher.nbgrader("collect", "ps1", "--update")
    for student in students:
        make_feedback(desks.teacher, student, text=text)
    desks.teacher.nbgrader("release_feedback", "ps1")


def test_released_assignments_are_listed_until_and_after_they_are_fetched(released):
    (info,) = released.ada.run(ExchangeList)
    assert released.ada.messages == ["Released assignments:", "cs1 ps1"]
    assert (info["status"], info["course_id"], info["assignment_id"]) == ("released", "cs1", "ps1")
    assert [notebook["notebook_id"] for notebook in info["notebooks"]] == ["p1"]
    released.ada.run(ExchangeFetchAssignment, "ps1")
    (info,) = released.ada.run(ExchangeList)
    assert info["status"] == "fetched"
    assert info["path"] == str(released.ada.home / "ps1")
    assert info["notebooks"] == [{"notebook_id": "p1", "path": str(released.ada.home / "ps1" / "p1.ipynb")}]


def test_already_downloaded_is_said_of_what_is_in_the_current_directory(released, monkeypatch):
    monkeypatch.chdir(released.ada.home)
    released.ada.run(ExchangeFetchAssignment, "ps1")
    released.ada.run(ExchangeList)
    assert released.ada.messages == ["Released assignments:", "cs1 ps1 (already downloaded)"]


def test_lists_narrow_by_course_and_assignment(released):
    assert released.ada.run(ExchangeList, "ps1", course="")
    assert released.ada.run(ExchangeList, "p*", course="c*")
    assert released.ada.run(ExchangeList, "other", course="") == []


@pytest.mark.parametrize("option", ["inbound", "cached"])
def test_a_student_sees_their_own_attempts(submitted, option):
    (group,) = submitted.ada.run(ExchangeList, **{option: True})
    (info,) = group["submissions"]
    assert (group["status"], group["student_id"], group["assignment_id"]) == ("submitted", "ada", "ps1")
    assert submitted.ada.messages == [
        "Submitted assignments:",
        f"cs1 ada ps1 {info['timestamp']} (no feedback available)",
    ]
    json.dumps(group)


def test_an_instructor_sees_the_course_inbound_and_their_own_cached(submitted):
    groups = submitted.teacher.run(ExchangeList, inbound=True)
    assert [group["student_id"] for group in groups] == ["ada", "ben"]
    assert submitted.teacher.run(ExchangeList, cached=True) == []
    (group,) = submitted.teacher.run(ExchangeList, inbound=True, coursedir={"student_id": "b*"})
    assert group["student_id"] == "ben"


def test_inbound_and_cached_together_are_refused(released):
    with pytest.raises(ExchangeError, match="incompatible"):
        released.ada.run(ExchangeList, inbound=True, cached=True)


def test_every_key_that_nbgrader_reads_is_there(submitted):
    give_feedback(submitted, "ada")
    (group,) = submitted.ada.run(ExchangeList, cached=True)
    (info,) = group["submissions"]
    assert set(info) == {
        "course_id",
        "assignment_id",
        "status",
        "path",
        "notebooks",
        "student_id",
        "timestamp",
        "has_local_feedback",
        "has_exchange_feedback",
        "feedback_updated",
        "local_feedback_path",
    }
    (notebook,) = info["notebooks"]
    assert set(notebook) == {
        "notebook_id",
        "path",
        "has_local_feedback",
        "has_exchange_feedback",
        "feedback_updated",
        "local_feedback_path",
    }


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
    with pytest.raises(ExchangeError, match=r"^Not removed: cs1 ps1$"):
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
        with pytest.raises(ExchangeError, match=r"^Not removed: cs1 \w+ ps1 [^,]*$"):
            submitted.teacher.run(ExchangeList, inbound=True, remove=True)
    assert len([line for line in submitted.teacher.messages if line.startswith("cs1 ")]) == 1
    assert "The service is away. (request request-1)" in submitted.teacher.text
    assert len(inbound(submitted.teacher)) == 1


# --- the lines, exactly ------------------------------------------------------------------------------------


def test_the_lines_of_what_is_released(released, token_file, tmp_path):
    for name in ("ps3", "ps2"):
        released.teacher.write(f"release/{name}/p1.ipynb")
        released.teacher.nbgrader("release_assignment", name)
    courses = [{"course_id": course, "course_role": "Instructor"} for course in ("cs1", "art")]
    both = Desk(
        tmp_path / "homes" / "both",
        released.ada.url,
        token_file.create({"name": "both", "org_id": 1, "courses": courses}),
    )
    both.write("release/ps1/p1.ipynb")
    both.nbgrader("release_assignment", "ps1", "--course=art")
    both.nbgrader("fetch_assignment", "ps2")
    downloaded = "cs1 ps2 (already downloaded)"
    title = "Released assignments:"
    everything = [title, "art ps1", "cs1 ps1", downloaded, "cs1 ps3"]
    assert lines(both.nbgrader("list", "--CourseDirectory.course_id=*")) == everything
    assert lines(both.nbgrader("list")) == [title, "cs1 ps1", downloaded, "cs1 ps3"]
    assert lines(both.nbgrader("list", "--course=art")) == [title, "art ps1"]
    assert lines(both.nbgrader("list", "ps3")) == [title, "cs1 ps3"]
    assert lines(both.nbgrader("list", "ps4")) == [title]
    assert lines(both.nbgrader("list", "--remove", "ps1")) == ["Removing released assignments:", "cs1 ps1"]
    assert lines(both.nbgrader("list", "ps1", "--CourseDirectory.course_id=*")) == [title, "art ps1"]


@pytest.mark.parametrize("flag", ["--inbound", "--cached"])
def test_the_lines_of_what_was_submitted_and_its_feedback(submitted, people, flag):
    ada = submitted.ada

    def states():
        title, *attempts = lines(ada.nbgrader("list", flag, "ps1"))
        assert title == "Submitted assignments:"
        starts = [f"cs1 ada ps1 {stamp} (" for stamp in stamps(people)]
        assert all(map(str.startswith, attempts, starts))
        return [line.partition(" (")[2].rstrip(")") for line in attempts]

    assert states() == ["no feedback available"]
    give_feedback(submitted, "ada")
    ada.nbgrader("submit", "ps1")
    assert states() == ["feedback ready to be fetched", "no feedback available"]
    ada.nbgrader("fetch_feedback", "ps1")
    assert states() == ["feedback already fetched", "no feedback available"]
    (fetched,) = (ada.home / "ps1" / "feedback").rglob("*.html")
    fetched.write_text("not what was released")
    assert states() == ["feedback ready to be fetched", "no feedback available"]
    ada.nbgrader("fetch_feedback", "ps1")
    give_feedback(submitted, "ada", text="better")
    assert states() == ["feedback already fetched", "feedback ready to be fetched"]
    ada.nbgrader("fetch_feedback", "ps1")
    assert states() == ["feedback already fetched"] * 2


def test_the_lines_of_a_whole_course(submitted, people):
    submitted.ada.nbgrader("submit", "ps1")
    first, second = stamps(people)
    (other,) = stamps(people, "ben")
    state = "(no feedback available)"
    assert lines(submitted.teacher.nbgrader("list", "--inbound")) == [
        "Submitted assignments:",
        f"cs1 ada ps1 {first} {state}",
        f"cs1 ada ps1 {second} {state}",
        f"cs1 ben ps1 {other} {state}",
    ]
    assert lines(submitted.teacher.nbgrader("list", "--inbound", "--student=b*")) == [
        "Submitted assignments:",
        f"cs1 ben ps1 {other} {state}",
    ]
    assert lines(submitted.teacher.nbgrader("list", "--cached")) == ["Submitted assignments:"]


def test_flags_that_do_not_go_together(submitted):
    for more in ((), ("--remove",)):
        said = submitted.ada.nbgrader("list", "--inbound", "--cached", *more, status=1)
        assert "Options --inbound and --cached are incompatible." in said
    assert len(submitted.ada.run(ExchangeList, cached=True)) == 1


def test_the_flag_for_json_does_as_much_as_in_nbgrader(released):
    warning, *rest = released.ada.nbgrader("list", "--json").splitlines()
    assert "`as_json` not recognized" in warning
    assert rest == ["[ListApp | INFO] Released assignments:", "[ListApp | INFO] cs1 ps1"]


def test_an_assignment_without_a_notebook_is_pointed_out(desks):
    desks.teacher.write("release/ps1/read.me")
    desks.teacher.nbgrader("release_assignment", "ps1")
    assert "[ListApp | WARNING] No notebooks found in cs1/ps1" in desks.ada.nbgrader("list")
    desks.ada.nbgrader("fetch_assignment", "ps1")
    desks.ada.nbgrader("submit", "ps1")
    (group,) = desks.ada.run(ExchangeList, cached=True)
    (info,) = group["submissions"]
    assert f"No notebooks found in {info['path']}" in desks.ada.text
    assert (info["notebooks"], info["has_local_feedback"]) == ([], False)


def test_what_is_fetched_is_what_has_a_directory_whatever_is_in_it(released):
    released.ada.write("ps1/mine.ipynb")
    (info,) = released.ada.run(ExchangeList)
    assert info["status"] == "fetched"
    assert [notebook["notebook_id"] for notebook in info["notebooks"]] == ["mine"]


# --- removal of submissions --------------------------------------------------------------------------------


def inbound(desk, *options):
    return lines(desk.nbgrader("list", "--inbound", *options))[1:]


def cached(desk):
    return lines(desk.nbgrader("list", "--cached"))[1:]


def test_an_instructor_removes_from_the_course_what_was_listed_and_nothing_else(submitted, people):
    (ada_stamp,), (ben_stamp,) = stamps(people), stamps(people, "ben")
    said = lines(submitted.teacher.nbgrader("list", "--inbound", "--remove", "--student=a*", "ps1"))
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
    (stamp,) = stamps(people)
    said = lines(submitted.ada.nbgrader("list", flag, "--remove", "ps1"))
    assert said == ["Removing submitted assignments:", f"cs1 ada ps1 {stamp}"]
    (left,) = cached(submitted.ada)
    assert left.startswith("cs1 ada ps2 ")
    assert len(inbound(submitted.teacher)) == 3
    assert "Processing 2 submissions" in submitted.teacher.nbgrader("collect", "ps1")
    assert "ps1/p1.ipynb" in submitted.ada.files()


def test_what_an_instructor_removes_from_their_own_list_stays_in_the_course(submitted):
    submitted.teacher.write("ps1/p1.ipynb")
    submitted.teacher.nbgrader("submit", "ps1")
    assert len(lines(submitted.teacher.nbgrader("list", "--cached", "--remove"))) == 2
    assert cached(submitted.teacher) == []
    assert len(inbound(submitted.teacher)) == 3


def test_nothing_to_remove_is_no_failure(released):
    said = lines(released.teacher.nbgrader("list", "--inbound", "--remove"))
    assert said == ["Removing submitted assignments:"]


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
