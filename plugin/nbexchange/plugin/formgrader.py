"""Formgrader, answered beside a notebook server's event loop, in a frame where that is safe, and with its reasons.

nbgrader's handlers do their work in the loop, so that the server answers nothing else while the exchange is slow or a
class is collected, and each of them asks the exchange for its list first. This server extension answers the same
addresses before nbgrader's own does. The work is still nbgrader's.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

from nbgrader.apps.api import NbGraderAPI
from nbgrader.server_extensions.formgrader import apihandlers, handlers
from nbgrader.server_extensions.formgrader.base import BaseHandler
from tornado import web

from nbexchange.plugin import frames
from nbexchange.plugin.dialogs import ActionLog, with_reason_first
from nbexchange.plugin.release_feedback import NO_FEEDBACK
from nbexchange.plugin.server_extensions import answer_before, shorten_patience
from nbexchange.plugin.submission_folders import submission_around

NBGRADER_EXTENSION = "nbgrader.server_extensions.formgrader"

EXECUTOR = ThreadPoolExecutor(1, "nbexchange-formgrader")
"""One thread: nbgrader's requests share a course directory and a gradebook, and change both."""

COLUMNS = 64
"""Characters of a line that Formgrader's dialogs show."""

Result = dict[str, Any]


class Api(NbGraderAPI):  # type: ignore[misc]  # nbgrader ships no types
    """nbgrader's, but where the exchange refuses something, the dialog says why, and then the rest."""

    def release_assignment(self, assignment_id: str) -> Result:
        return with_reason_first(super().release_assignment(assignment_id), COLUMNS)

    def unrelease(self, assignment_id: str) -> Result:
        return with_reason_first(super().unrelease(assignment_id), COLUMNS)

    def collect(self, assignment_id: str, update: bool = True) -> Result:
        return with_reason_first(super().collect(assignment_id, update), COLUMNS)

    def release_feedback(self, assignment_id: str, student_id: str | None = None) -> Result:
        result = with_reason_first(super().release_feedback(assignment_id, student_id), COLUMNS)
        return {**result, "success": result["success"] and NO_FEEDBACK not in result.get("log", "")}


class Handler(BaseHandler):  # type: ignore[misc]
    """What differs in all of nbgrader's handlers."""

    loop: asyncio.AbstractEventLoop

    @property
    def content_security_policy(self) -> str:
        return frames.within_one_host(super().content_security_policy)

    @property
    def api(self) -> Api:
        formgrader, level = self.coursedir.parent, self.log.level
        formgrader.load_config_file()
        shorten_patience(formgrader.config)
        log = ActionLog(self.log)
        api = Api(self.coursedir, self.authenticator, parent=formgrader, log=log)
        self.log.setLevel(level)  # which nbgrader's has changed
        self.failure = log.failure
        return api

    failure = ""
    """Of the list that nbgrader asks the exchange for first."""

    def finish(self, chunk: Any = None) -> Any:
        """On the loop, also where nbgrader ends an answer itself, as it does to redirect."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return self.loop.call_soon_threadsafe(super().finish, chunk)
        return super().finish(chunk)


def beside_loop(work: Callable[..., None]) -> Callable[..., Any]:
    """A handler's method that lets another thread do the work, while the server goes on."""

    @web.authenticated
    async def method(self: Handler, *path: str, **named: str) -> None:
        self.loop = asyncio.get_running_loop()
        await self.loop.run_in_executor(EXECUTOR, partial(work, self, *path, **named))

    return method


def ours(kind: type[BaseHandler]) -> type:
    """nbgrader's handler, or one that is made from it, with its methods beside the loop."""
    names = {name for base in kind.__mro__[: kind.__mro__.index(BaseHandler)] for name in vars(base)}
    methods = {name: beside_loop(getattr(kind, name)) for name in {"get", "post", "put"} & names}
    return type(kind.__name__, (Handler, kind), methods)


# --- pages that differ more ---------------------------------------------------------------------------------


BANNER = re.compile(r'(<div[^>]* id="warning-exchange">).*?(</div>)', re.DOTALL)
"""Where nbgrader says that there is no directory, whatever the failure was."""


class ManageAssignments(handlers.ManageAssignmentsHandler):  # type: ignore[misc]
    """The list of assignments, with the reason where it cannot say which of them are released."""

    failure = ""

    def render(self, name: str, **values: Any) -> str:
        return with_reason(super().render(name, **values), self.failure)


def with_reason(page: str, failure: str) -> str:
    """The page, whose banner says what failed, where anything did."""
    told = escape(failure)
    return BANNER.sub(lambda banner: f"{banner[1]}{told}{banner[2]}", page) if told else page


# --- in a frame, and outside of it ---------------------------------------------------------------------------


class Entrance(handlers.FormgraderHandler):  # type: ignore[misc]
    """The page that JupyterLab opens in a frame. nbgrader's leads on to the list of assignments."""

    def get(self) -> None:
        """Go to the course in `path`, where JupyterLab says that it is there; nbgrader runs the configuration in it."""
        path = Path(self.get_argument("path", ""))
        if submission := submission_around(path):
            text = "%s is for submissions: open Formgrader in the directory of the course."
            raise web.HTTPError(400, text, submission)
        super().get()

    def redirect(self, url: str, permanent: bool = False, status: int | None = None) -> None:
        if not self.current_user or not self._is_in_forbidden_frame():
            super().redirect(url, permanent, status)
            return
        self.set_header("Content-Security-Policy", frames.POLICY)
        self.set_header("Cache-Control", "no-store")
        self.write(frames.page(url))

    def _is_in_forbidden_frame(self) -> bool:
        """Also where the browser does not say it, as none does without https: the page then looks itself."""
        is_frame = self.request.headers.get("Sec-Fetch-Dest", "iframe") == "iframe"
        return is_frame and frames.are_forbidden(self.content_security_policy)


class Links(BaseHandler):  # type: ignore[misc]
    """nbgrader's script that makes links to files. In a tab of the browser's they lack the server's own path."""

    @web.authenticated
    def get(self) -> None:
        script = Path(handlers.static_path, "js", "utils.js").read_text()
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.write(script.replace('.attr("href", prefix + path)', '.attr("href", base_url + prefix + path)'))


# --- the addresses -------------------------------------------------------------------------------------------


INSTEAD = {
    handlers.FormgraderHandler: Entrance,
    handlers.ManageAssignmentsHandler: ManageAssignments,
}


def addresses() -> Iterator[tuple[str, type]]:
    yield r"/formgrader/static/js/utils\.js", Links
    for address, kind, *_ in [*handlers.default_handlers, *apihandlers.default_handlers]:
        if issubclass(kind, BaseHandler) and not issubclass(kind, web.StaticFileHandler):
            yield address, ours(INSTEAD.get(kind, kind))


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: Any) -> None:
    answer_before(server, __name__, NBGRADER_EXTENSION, addresses())
