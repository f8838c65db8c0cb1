"""The Assignment List's own server side: what JupyterLab shows to a student is what these methods give."""

from __future__ import annotations

import json

import pytest
from support.people.classroom import make_feedback
from support.people.front_ends import assignment_list

from nbexchange.demo.course import FACTORY_LINES
from nbexchange.plugin.service.client import Client


def shown(result):
    """What the browser gets."""
    assert result["success"], result["value"]
    return json.loads(json.dumps(result))["value"]


def test_a_student_goes_through_an_assignment(submitted):
    ada = submitted.ada
    for name in ("p1.ipynb", "part/p2.ipynb"):
        (ada.home / "ps1" / name).unlink()
    (ada.home / "ps1" / "part").rmdir()
    (ada.home / "ps1").rmdir()
    with assignment_list(ada) as manager:
        released, _ = shown(manager.list_assignments(course_id="cs1"))
        assert (released["status"], released["assignment_id"]) == ("released", "ps1")
        assert manager.fetch_assignment("cs1", "ps1") == {"success": True}
        fetched, _ = shown(manager.list_assignments(course_id="cs1"))
        assert (fetched["status"], fetched["path"]) == ("fetched", "ps1")
        assert fetched["notebooks"] == [{"notebook_id": "p1", "path": "ps1/p1.ipynb"}]
        assert manager.submit_assignment("cs1", "ps1") == {"success": True}
        _, group = shown(manager.list_assignments(course_id="cs1"))
        stamps = [attempt["timestamp"] for attempt in group["submissions"]]
        assert (group["status"], len(stamps)) == ("submitted", 2)
        assert stamps == sorted(stamps)


def test_feedback_opens_from_below_the_servers_root(submitted):
    submitted.teacher.nbgrader("collect", "ps1")
    make_feedback(submitted.teacher, "ada")
    submitted.teacher.nbgrader("release_feedback", "ps1")
    with assignment_list(submitted.ada) as manager:
        (attempt,) = shown(manager.list_submitted_assignments())[0]["submissions"]
        assert (attempt["has_exchange_feedback"], attempt["local_feedback_path"]) == (True, None)
        assert manager.fetch_feedback("cs1", "ps1") == {"success": True}
        (attempt,) = shown(manager.list_submitted_assignments())[0]["submissions"]
    assert attempt["local_feedback_path"] == f"ps1/feedback/{attempt['timestamp']}"
    assert (submitted.ada.home / attempt["local_feedback_path"] / "p1.html").is_file()
    assert attempt["notebooks"][0]["feedback_updated"] is False


def test_the_courses_are_those_with_something_to_show(released):
    with assignment_list(released.ada) as manager:
        assert shown(manager.list_courses()) == ["cs1"]
    released.teacher.nbgrader("list", "--remove", "ps1")
    with assignment_list(released.ada) as manager:
        assert shown(manager.list_courses()) == []


def test_assignments_may_be_kept_in_a_folder_of_their_own(released):
    """The extension works in that folder, and reads the configuration that it finds from there."""
    work = released.ada.home / "work"
    work.mkdir()
    released.ada.write(
        ".jupyter/nbgrader_config.py",
        f"{FACTORY_LINES}c.Exchange.assignment_dir = {str(work)!r}\nc.Exchange.path_includes_course = True\n",
    )
    with assignment_list(released.ada) as manager:
        assert manager.fetch_assignment("cs1", "ps1") == {"success": True}
        (fetched,) = shown(manager.list_released_assignments())
    assert (fetched["status"], fetched["path"]) == ("fetched", "work/cs1/ps1")
    assert "p1.ipynb" in released.ada.files("work/cs1/ps1")


@pytest.mark.parametrize("fault", ["away", "defect"])
def test_every_failure_is_an_answer_and_no_exception(released, monkeypatch, fault):
    def fail(*_, **__):
        raise KeyError("something")

    released.ada.write("ps1/p1.ipynb")
    if fault == "defect":
        monkeypatch.setattr(Client, "_call", fail)
    else:
        released.ada.url = "http://127.0.0.1:1"
    with assignment_list(released.ada) as manager:
        for answer in (manager.list_assignments(course_id="cs1"), manager.list_courses()):
            assert answer["success"] is False
            assert (
                "exchange directory does not exist" in answer["value"]
            )  # nbgrader's text for any ExchangeError
        for attempt in (manager.fetch_assignment, manager.fetch_feedback, manager.submit_assignment):
            answer = attempt("cs1", "ps1")
            assert answer["success"] is False
            assert (
                answer["value"].splitlines()[-1].startswith("nbgrader.exchange.abc.exchange.ExchangeError: ")
            )


def test_a_submission_that_is_refused_ends_with_the_reason(released):
    """The student is shown the whole traceback; the last line is for them."""
    released.ada.write("ps2/p1.ipynb")
    with assignment_list(released.ada) as manager:
        answer = manager.submit_assignment("cs1", "ps2")
    assert "ps2 is not released in cs1" in answer["value"].splitlines()[-1]
