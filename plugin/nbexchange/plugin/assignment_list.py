"""The Assignment List, answered beside a notebook server's event loop, and with the reason where something failed.

nbgrader's handlers do their work in the loop, so that the server answers nothing else during a submit: no kernel, no
save. And nbgrader shows nothing when a fetch fails, always the same text when a list does, and a traceback when a
submit does. This server extension answers the same addresses before nbgrader's own does. The work is still nbgrader's.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from traceback import format_exc
from typing import Any, cast

from jupyter_core.application import JupyterApp
from nbgrader.apps import NbGrader
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeFactory
from nbgrader.server_extensions.assignment_list.handlers import AssignmentList, BaseAssignmentHandler
from tornado import web
from traitlets.config import Application, Config

from nbexchange.plugin.dialogs import LastError, folded, reason
from nbexchange.plugin.escaped_log import hearing
from nbexchange.plugin.list import ExchangeList
from nbexchange.plugin.list_entries import Info
from nbexchange.plugin.list_notices import ASK_AGAIN, add_failure, add_told, has_arrived, is_notice, notice
from nbexchange.plugin.server_extensions import answer_before, shorten_patience
from nbexchange.plugin.submission_folders import submission_around

NBGRADER_EXTENSION = "nbgrader.server_extensions.assignment_list"
MANAGER = "nbexchange_assignment_list"

EXECUTOR = ThreadPoolExecutor(1, "nbexchange")
"""One thread: nbgrader's manager was not written for several calls at once."""

COLUMNS = 90
"""Characters of a line that the dialog after Submit shows; it cuts off the rest."""

METHODS = {"fetch": "fetch_assignment", "submit": "submit_assignment", "fetch_feedback": "fetch_feedback"}
DONE = {
    "fetch": "The assignment HAS been fetched.",
    "submit": "Your work HAS been submitted: do not submit it again.",
    "fetch_feedback": "The feedback HAS been fetched.",
}

Answer = dict[str, Any]


# --- what nbgrader does, from another thread -----------------------------------------------------------------


class Manager(AssignmentList):  # type: ignore[misc]  # nbgrader ships no types
    """nbgrader's manager, but it says what failed, and does not change the working directory of the process."""

    def __init__(self, parent: Any) -> None:
        super().__init__(parent=parent)
        self.log = self.errors = LastError(parent.log)

    def load_config(self) -> Config:
        return configuration(self._assignment_dir or Path(self.root_dir))

    _assignment_dir: Path | None = None

    @contextmanager
    def get_assignment_dir_config(self) -> Iterator[Config]:
        """The configuration that nbgrader finds by going to the directory of the assignments."""
        config = configuration(Path(self.root_dir))
        exchange_list = ExchangeFactory(config=config).List(config=config)
        self._assignment_dir = Path(exchange_list.assignment_dir).absolute()
        try:
            yield self.load_config()
        finally:
            self._assignment_dir = None

    @contextmanager
    def exchange_list(self, course_id: str | None = None) -> Iterator[ExchangeList | None]:
        """Ours; None where nbgrader is configured for another exchange."""
        with self.get_assignment_dir_config() as config:
            if course_id:
                config.CourseDirectory.course_id = course_id
            factory = ExchangeFactory(config=config)
            is_ours = issubclass(factory.list, ExchangeList)
            coursedir = CourseDirectory(config=config)
            yield factory.List(coursedir=coursedir, config=config) if is_ours else None

    def list_courses(self) -> Answer:
        """The student's courses as the exchange knows them; nbgrader's are those in which something is released."""
        with self.exchange_list() as ours:
            if ours is None:
                return cast(Answer, super().list_courses())
            return {"success": True, "value": ours.own_courses()}

    def list_submitted_assignments(self, course_id: str | None = None) -> Answer:
        """Attempts with their times as people read them, in the order of the exact ones."""
        answer: Answer = super().list_submitted_assignments(course_id)
        for group in answer["value"] if answer["success"] else ():
            group["submissions"].sort(key=lambda attempt: attempt.pop("instant", ""))
            for attempt in group["submissions"]:
                attempt["timestamp"] = attempt.pop("moment", attempt["timestamp"])
        return answer

    def do(self, method: str, *arguments: Any) -> Answer:
        """One of the manager's methods; a failure's value is its reason, in a sentence where it has one."""
        self.errors.text = ""
        try:
            answer: Answer = getattr(self, method)(*arguments)
        except (Exception, SystemExit):  # noqa: BLE001 - of a configuration that cannot be, for which traitlets exits
            self.log.error(format_exc())
            answer = {"success": False}
        if not answer["success"]:
            text = self.errors.text or answer["value"]
            told = reason(text)
            answer["value"] = text if told is None else folded(told, COLUMNS)
        return answer

    # --- where the exchange is away, what is here all the same ---------------------------------------------

    def show_courses(self) -> Answer:
        """The student's courses, or those of what was fetched."""
        answer = self.do("list_courses")
        courses = {} if answer["success"] else {copy["course_id"] for copy in self._copies_without_list()}
        return {"success": True, "value": sorted(courses)} if courses else answer

    def show_assignments(self, course_id: str) -> Answer:
        """The list, or what was fetched, below a line that says why there is no more."""
        answer = self.do("list_assignments", course_id)
        copies = [] if answer["success"] else self._copies_without_list(course_id)
        if not copies:
            return answer
        line = notice(course_id, str(reason(self.errors.text)), ASK_AGAIN)
        return {"success": True, "value": [line, *copies]}

    def _copies_without_list(self, course_id: str | None = None) -> list[Info]:
        """What was fetched, as the list has it; none where nbgrader itself failed, which may be due to what is here."""
        if reason(self.errors.text) is None:
            return []
        with self.exchange_list(course_id) as ours:
            copies = ours.local_copies() if ours else []
        for entry in (*copies, *(notebook for copy in copies for notebook in copy["notebooks"])):
            entry["path"] = os.path.relpath(entry["path"], self.root_dir)
        return copies

    def act(self, action: str, course_id: str, assignment_id: str) -> Answer:
        """Do it, and list again, with what it said; nbgrader lists even where a fetch failed."""
        if is_notice(assignment_id):
            return self.show_assignments(course_id)
        with hearing() as lines:
            answer = self.do(METHODS[action], course_id, assignment_id)
        if not answer["success"]:
            has_dialog = action == "submit" and not has_arrived(self.errors.text)
            return answer if has_dialog else self._show_failed(course_id, answer)
        listed = self.do("list_assignments", course_id)
        if listed["success"]:
            add_told(listed["value"], course_id, assignment_id, lines)
        else:  # which the dialog shows as if the action had failed
            listed["value"] = f"{DONE[action]}\nOnly the list cannot be shown:\n{listed['value']}"
        return listed

    def _show_failed(self, course_id: str, answer: Answer) -> Answer:
        """What failed, above the list; a submission has a dialog for it, which says that it was not made."""
        why = reason(self.errors.text)
        listed = self.show_assignments(course_id)
        if why is None or not listed["success"]:
            return answer
        add_failure(listed["value"], course_id, why)
        return listed


def configuration(folder: Path) -> Config:
    """What nbgrader reads when it is started in that folder; assignments are there unless a setting says otherwise.

    From a folder of submissions it would read what a student wrote.
    """
    app = NbGrader()
    JupyterApp.load_config_file(app)  # nbgrader's own looks in the working directory as well
    if not submission_around(folder):
        Application.load_config_file(app, app.config_file_name, str(folder))
    config: Config = app.config
    assignment_dir = Path(config.Exchange.get("assignment_dir", "."))
    config.Exchange.assignment_dir = str(folder / assignment_dir.expanduser())
    shorten_patience(config)
    return config


# --- the addresses -------------------------------------------------------------------------------------------


class Handler(BaseAssignmentHandler):  # type: ignore[misc]  # nbgrader ships no types
    @property
    def manager(self) -> Manager:
        ours: Manager = self.settings[MANAGER]
        return ours

    async def run_beside_loop(self, work: Callable[..., Answer], *arguments: str) -> Answer:
        """Do the work in another thread, while the server goes on."""
        return await asyncio.get_running_loop().run_in_executor(EXECUTOR, work, *arguments)


class ListHandler(Handler):
    @web.authenticated
    async def get(self) -> None:
        course_id = self.get_argument("course_id")
        self.finish(json.dumps(await self.run_beside_loop(self.manager.show_assignments, course_id)))


class CoursesHandler(Handler):
    @web.authenticated
    async def get(self) -> None:
        self.finish(json.dumps(await self.run_beside_loop(self.manager.show_courses)))


class ActionHandler(Handler):
    @web.authenticated
    async def post(self, action: str) -> None:
        self.finish(json.dumps(await self.run_beside_loop(self.manager.act, action, *self.requested())))

    def requested(self) -> tuple[str, str]:
        """Course and assignment, from a form or from JSON, as nbgrader takes them."""
        try:
            return self.get_argument("course_id"), self.get_argument("assignment_id")
        except web.MissingArgumentError:
            body = self.get_json_body()
            return body["course_id"], body["assignment_id"]


ADDRESSES = [
    (r"/assignments", ListHandler),
    (r"/assignments/(?P<action>fetch|submit|fetch_feedback)", ActionHandler),
    (r"/courses", CoursesHandler),
]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: Any) -> None:
    if answer_before(server, __name__, NBGRADER_EXTENSION, ADDRESSES):
        manager = Manager(parent=server)
        manager.root_dir = server.root_dir
        server.web_app.settings[MANAGER] = manager
