"""Our answers to Formgrader: nbgrader's, given beside the notebook server's loop, and with the reason first."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest
from jinja2 import Environment, FileSystemLoader
from nbgrader.server_extensions.formgrader import apihandlers, handlers
from support.people.classroom import make_feedback
from support.people.front_ends import formgrader
from support.people.jupyter_server import Server
from tornado import web

from nbexchange.plugin import formgrader as extension
from nbexchange.plugin.dialogs import ActionLog
from nbexchange.plugin.exchange import Exchange
from nbexchange.plugin.formgrader import NBGRADER_EXTENSION, Api
from nbexchange.plugin.service.client import Client

AWAY = "The exchange service at 127.0.0.1:1 cannot be reached. Nothing was changed: try again in a minute."

ACTIONS = {
    "release": lambda api: api.release_assignment("ps2"),
    "unrelease": lambda api: api.unrelease("ps1"),
    "collect": lambda api: api.collect("ps1"),
    "release_feedback": lambda api: api.release_feedback("ps1", "ada"),
}


@pytest.fixture
def server_log(request):
    """The log of a server that was started with `--debug`."""
    log = logging.Logger(request.node.name, logging.DEBUG)
    lines = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    log.addHandler(handler)
    log.lines = lines
    return log


@pytest.fixture
def teacher(submitted):
    """An instructor's desk at which every action finds what it needs."""
    submitted.teacher.nbgrader("collect", "ps1")
    make_feedback(submitted.teacher, "ada")
    submitted.teacher.write("release/ps2/p1.ipynb")
    return submitted.teacher


@pytest.mark.filterwarnings("ignore:.*authentictor:DeprecationWarning")
@pytest.mark.parametrize("action", ACTIONS)
def test_the_dialog_begins_with_the_reason_and_shows_no_traceback(teacher, server_log, action):
    """Also where the server logs at DEBUG, which has the traceback of what cannot be foreseen."""
    teacher.url = "http://127.0.0.1:1"
    with formgrader(teacher, Api, log=ActionLog(server_log)) as api:
        answer = ACTIONS[action](api)
    assert answer["success"] is False
    told = answer["log"].partition("\n\n")[0]
    assert " ".join(told.split()).startswith(AWAY)
    assert max(map(len, told.splitlines())) <= extension.COLUMNS
    assert answer["log"].count("cannot be reached") == 1
    assert "Traceback" not in str(answer)
    assert any("Traceback" in line for line in server_log.lines)


@pytest.mark.filterwarnings("ignore:.*authentictor:DeprecationWarning")
@pytest.mark.parametrize("action", ACTIONS)
def test_what_is_done_is_told_as_nbgrader_tells_it(teacher, server_log, action):
    with formgrader(teacher, Api, log=ActionLog(server_log)) as api:
        answer = ACTIONS[action](api)
    assert answer["success"] is True
    assert "[INFO] " in answer["log"]


@pytest.mark.filterwarnings("ignore:.*authentictor:DeprecationWarning")
@pytest.mark.parametrize("student", [None, "ben"])
def test_feedback_that_was_not_generated_is_not_called_released(submitted, server_log, student):
    with formgrader(submitted.teacher, Api, log=ActionLog(server_log)) as api:
        answer = api.release_feedback("ps1", student)
    assert answer["success"] is False
    assert "Run `nbgrader generate_feedback` first" in " ".join(answer["log"].split())
    long = [line for line in answer["log"].splitlines() if len(line) > extension.COLUMNS]
    assert all(" " not in line for line in long)


def test_what_was_logged_before_the_failure_stands_below_the_reason(teacher, server_log):
    teacher.configure("c.CourseDirectory.max_dir_size = 1")
    teacher.write("release/ps2/data.bin", bytes(1001))
    with formgrader(teacher, Api, log=ActionLog(server_log)) as api:
        first, *rest = api.release_assignment("ps2")["log"].splitlines()
    assert first.startswith("Directory size is too big. Size is 1003")
    assert rest[-1] == "[ERROR] Directory size is too big"


def test_what_nbgrader_itself_fails_at_is_told_as_nbgrader_does(teacher, server_log, monkeypatch):
    with formgrader(teacher, Api, log=ActionLog(server_log)) as api:
        monkeypatch.setattr(Exchange, "start", None)
        assert "'NoneType' object is not callable" in api.collect("ps1")["error"]


def test_the_dialog_has_the_log_of_its_action_and_not_what_the_server_does_meanwhile(
    teacher, server_log, monkeypatch
):
    real = Client.submissions

    def meanwhile(*arguments):
        server_log.warning("Saving file at /notes.txt")
        return real(*arguments)

    monkeypatch.setattr(Client, "submissions", meanwhile)
    with formgrader(teacher, Api, log=ActionLog(server_log)) as api:
        answer = api.collect("ps1")
    assert "Saving file" not in answer["log"]
    assert "Saving file at /notes.txt" in server_log.lines
    assert answer["log"].splitlines()[0].removeprefix("[INFO] ") in server_log.lines


# --- the extension itself ----------------------------------------------------------------------------------


def test_every_page_and_every_call_of_formgraders_is_answered_beside_the_loop(tmp_path):
    """But what is a file on the disk."""
    server = Server(tmp_path, **{NBGRADER_EXTENSION: True})
    extension._load_jupyter_server_extension(server)
    answered = {address: kind for address, kind in server.addresses}
    nbgraders = [*handlers.default_handlers, *apihandlers.default_handlers]
    others = [kind for address, kind, *_ in nbgraders if f"/user/ada{address}" not in answered]
    assert all(issubclass(kind, web.StaticFileHandler) for kind in others)
    for kind in set(answered.values()) - {extension.Links}:
        for method in ("get", "post", "put"):
            is_nbgraders = getattr(kind, method) is not getattr(web.RequestHandler, method)
            assert (method in vars(kind)) is is_nbgraders


def test_where_nbgraders_formgrader_is_switched_off_it_stays_so(tmp_path):
    for extensions in ({}, {NBGRADER_EXTENSION: False}):
        server = Server(tmp_path, **extensions)
        extension._load_jupyter_server_extension(server)
        assert server.addresses == []


def test_jupyter_loads_it_before_nbgraders():
    """Of two that have an address, the first one answers; Jupyter goes by the names."""
    assert sorted([NBGRADER_EXTENSION, extension.__name__])[0] == extension.__name__


def test_the_banner_says_what_failed_and_not_that_a_directory_is_missing(teacher, server_log):
    teacher.url = "http://127.0.0.1:1"
    log = ActionLog(server_log)
    with formgrader(teacher, Api, log=log) as api:
        templates = Environment(loader=FileSystemLoader([handlers.template_path]), autoescape=True)
        page = templates.get_template("manage_assignments.tpl").render(exchange_missing=api.exchange_missing)
    assert "The exchange directory at" in page
    shown = extension.with_reason(page, log.failure)
    assert "The exchange directory at" not in shown
    assert AWAY in shown
    assert shown.count("</div>") == page.count("</div>")
    assert extension.with_reason(page, "") == page
    assert "<blink>" not in extension.with_reason(page, r"\1<blink>")


def test_nbgraders_own_pages_of_errors_are_shown_as_they_are():
    """Before any list was asked for, as where the course is not below the server's directory."""
    page = object.__new__(extension.ours(extension.ManageAssignments))
    templates = Environment(loader=FileSystemLoader([handlers.template_path]), autoescape=True)
    page.application = SimpleNamespace(settings={"nbgrader_jinja2_env": templates})
    assert "Sorry" in page.render("base_500.tpl", base_url="/user/ada", error_code=500)
