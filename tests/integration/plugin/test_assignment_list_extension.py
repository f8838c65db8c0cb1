"""Our answers to the Assignment List: nbgrader's, given beside the notebook server's loop, and with reasons."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from nbgrader.server_extensions.assignment_list.handlers import AssignmentList
from support.people.classroom import make_feedback
from support.people.jupyter_server import Server, manager_of, shown

from nbexchange.demo.course import FACTORY_LINES
from nbexchange.plugin import assignment_list as extension
from nbexchange.plugin.assignment_list import NBGRADER_EXTENSION
from nbexchange.plugin.service.client import Client
from nbexchange.plugin.transfer.transfers import Transfer


def test_a_student_goes_through_an_assignment(manager, submitted):
    ada, teacher = submitted.ada, submitted.teacher
    (ada.home / "ps1").rename(ada.home / "away")
    manager.do("fetch_assignment", "cs1", "ps1")
    fetched, _ = shown(manager.do("list_assignments", "cs1"))
    assert (fetched["status"], fetched["path"]) == ("fetched", "ps1")
    assert fetched["notebooks"] == [{"notebook_id": "p1", "path": "ps1/p1.ipynb"}]
    assert manager.do("submit_assignment", "cs1", "ps1") == {"success": True}
    teacher.nbgrader("collect", "ps1", "--update")
    make_feedback(teacher, "ada")
    teacher.nbgrader("release_feedback", "ps1")
    assert manager.do("fetch_feedback", "cs1", "ps1") == {"success": True}
    _, group = shown(manager.do("list_assignments", "cs1"))
    *_, attempt = group["submissions"]
    assert re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d UTC, attempt 2", attempt["timestamp"])
    to_the_minute = attempt["timestamp"].removesuffix(" UTC, attempt 2")
    assert re.fullmatch(rf"ps1/feedback/{to_the_minute}:\d\d\.\d{{6}} UTC", attempt["local_feedback_path"])
    assert shown(manager.do("list_courses")) == ["cs1"]


def test_the_courses_are_the_students_own_also_before_anything_is_released(desks):
    with manager_of(desks.ada) as list_manager:
        assert shown(list_manager.do("list_courses")) == ["cs1"]
        assert shown(list_manager.do("list_assignments", "cs1")) == []
        desks.ada.configure("c.CourseDirectory.course_id = 'art'")
        assert shown(list_manager.do("list_courses")) == []


def test_with_nbgraders_own_exchange_the_courses_are_nbgraders(desks):
    exchange = desks.ada.home / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)
    desks.ada.write("nbgrader_config.py", f"c = get_config()\nc.Exchange.root = {str(exchange)!r}\n")
    with manager_of(desks.ada) as list_manager:
        assert shown(list_manager.do("list_courses")) == []


def test_assignments_may_be_kept_in_a_folder_of_their_own(manager, released):
    """With a configuration of its own, which nbgrader reads when it has found the folder."""
    work = released.ada.home / "work"
    work.mkdir()
    released.ada.write(
        "nbgrader_config.py", f"c = get_config()\n{FACTORY_LINES}c.Exchange.assignment_dir = {str(work)!r}\n"
    )
    released.ada.write(
        "work/nbgrader_config.py", "c = get_config()\nc.Exchange.path_includes_course = True\n"
    )
    released.ada.write(".jupyter/nbgrader_config.py", FACTORY_LINES)
    manager.do("fetch_assignment", "cs1", "ps1")
    (fetched,) = shown(manager.do("list_released_assignments", "cs1"))
    assert (fetched["status"], fetched["path"]) == ("fetched", "work/cs1/ps1")


def test_the_directory_of_the_process_stays_what_it_is(manager, monkeypatch):
    """The server's other threads work in it; nbgrader itself changes it meanwhile."""
    real, directories = Transfer.send, []

    def send(*arguments):
        directories.append(Path.cwd())
        return real(*arguments)

    monkeypatch.setattr(Transfer, "send", send)
    shown(manager.do("list_assignments", "cs1"))
    assert manager.do("submit_assignment", "cs1", "ps1") == {"success": True}
    assert [*directories, Path.cwd()] == [Path("/"), Path("/")]


@pytest.mark.parametrize(
    "work",
    [
        ("list_assignments", "cs1"),
        ("list_courses",),
        ("fetch_assignment", "cs1", "ps1"),
        ("submit_assignment", "cs1", "ps1"),
        ("fetch_feedback", "cs1", "ps1"),
    ],
    ids=lambda work: work[0],
)
def test_every_failure_is_told_in_a_sentence(manager, monkeypatch, caplog, work):
    """Short enough in its lines for the dialog, which would cut them off. The server's log has the traceback."""
    monkeypatch.setenv("NBEXCHANGE_URL", "http://127.0.0.1:1")
    answer = manager.do(*work)
    assert answer["success"] is False
    assert " ".join(answer["value"].split()).startswith(
        "The exchange service at 127.0.0.1:1 cannot be reached. Nothing was changed: try again in a minute"
    )
    assert max(map(len, answer["value"].splitlines())) <= extension.COLUMNS
    assert "Traceback" in caplog.text


def test_what_nbgrader_itself_fails_at_is_told_as_nbgrader_does(manager, monkeypatch):
    monkeypatch.setattr(Client, "assignments", None)
    monkeypatch.setattr("nbgrader.server_extensions.assignment_list.handlers.CourseDirectory", None)
    answer = manager.do("submit_assignment", "cs1", "ps1")
    assert answer["value"].startswith("Traceback")
    assert "'NoneType' object is not callable" in answer["value"]


def test_attempts_are_in_the_order_in_which_they_were_made(manager, monkeypatch):
    """nbgrader goes by the text of the time, which may begin with the day."""
    attempts = [
        {"timestamp": "01.12.2026", "moment": "second", "instant": "2026-12-01T09:00:00+00:00"},
        {"timestamp": "30.11.2026", "moment": "first", "instant": "2026-11-30T09:00:00+00:00"},
    ]
    answer = {"success": True, "value": [{"submissions": attempts}]}
    monkeypatch.setattr(AssignmentList, "list_submitted_assignments", lambda *_: answer)
    (group,) = shown(manager.list_submitted_assignments("cs1"))
    assert group["submissions"] == [{"timestamp": "first"}, {"timestamp": "second"}]


def test_a_submission_that_is_not_there_is_no_success(manager):
    answer = manager.act("submit", "cs1", "ps9")
    assert answer["success"] is False
    assert "ps9" in answer["value"]


def test_one_failure_is_not_told_again_for_the_next(manager, monkeypatch):
    assert "ps9" in manager.do("submit_assignment", "cs1", "ps9")["value"]
    monkeypatch.setattr(manager, "list_courses", lambda: {"success": False, "value": "another"})
    assert manager.do("list_courses") == {"success": False, "value": "another"}


@pytest.mark.parametrize(
    "line",
    [
        "c.ExchangeFactory.list = 'nbexchange.plugin.Typo'",
        "c.Exchange.assignment_dir = 5",
        "c.Application.log_level = 'LOUD'",
        "1 / 0",
    ],
)
def test_a_configuration_that_cannot_be_is_answered_and_ends_no_server(manager, submitted, line):
    submitted.ada.configure(line)
    answer = manager.act("submit", "cs1", "ps1")
    assert answer["success"] is False
    assert answer["value"]


@pytest.mark.parametrize("action", ["submit", "fetch_feedback"])
def test_what_was_done_is_not_told_as_a_failure_where_only_the_list_fails(manager, monkeypatch, action):
    monkeypatch.setattr(
        manager, "list_assignments", lambda _: {"success": False, "value": "Nothing was changed."}
    )
    answer = manager.act(action, "cs1", "ps1")
    first, second, last = answer["value"].splitlines()
    assert "HAS been" in first
    assert (second, last) == ("Only the list cannot be shown:", "Nothing was changed.")


def test_where_nbgraders_list_is_switched_off_it_stays_so(tmp_path):
    for extensions in ({}, {NBGRADER_EXTENSION: False}):
        server = Server(tmp_path, **extensions)
        extension._load_jupyter_server_extension(server)
        assert server.addresses == []


def test_where_nbgraders_list_is_its_addresses_are_answered(tmp_path):
    server = Server(tmp_path, **{NBGRADER_EXTENSION: True})
    extension._load_jupyter_server_extension(server)
    assert [address for address, _ in server.addresses] == [
        "/user/ada/assignments",
        "/user/ada/assignments/(?P<action>fetch|submit|fetch_feedback)",
        "/user/ada/courses",
    ]


def test_jupyter_loads_it_before_nbgraders():
    """Of two that have an address, the first one answers; Jupyter goes by the names."""
    assert sorted([NBGRADER_EXTENSION, extension.__name__])[0] == extension.__name__
