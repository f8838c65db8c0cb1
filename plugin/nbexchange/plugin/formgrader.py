"""Formgrader in a hub: JupyterLab shows it where that is safe, and else opens it in a tab of the browser's.

This server extension answers Formgrader's addresses before nbgrader's own does. The work is still nbgrader's.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_server.utils import url_path_join
from nbgrader.server_extensions.formgrader import handlers
from nbgrader.server_extensions.formgrader.base import BaseHandler
from tornado import web

from nbexchange.plugin import frames

NBGRADER_EXTENSION = "nbgrader.server_extensions.formgrader"


class Page(BaseHandler):  # type: ignore[misc]  # nbgrader ships no types
    @property
    def content_security_policy(self) -> str:
        return frames.within_one_host(super().content_security_policy)


class Entrance(Page, handlers.FormgraderHandler):  # type: ignore[misc]
    """The page that JupyterLab opens in a frame. nbgrader's leads on to the list of assignments."""

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


def addresses() -> Iterator[tuple[str, type]]:
    yield r"/formgrader/static/js/utils\.js", Links
    for address, kind, *_ in handlers.default_handlers:
        if kind is handlers.FormgraderHandler:
            yield address, Entrance
        elif issubclass(kind, BaseHandler) and not issubclass(kind, web.StaticFileHandler):
            yield address, type(kind.__name__, (Page, kind), {})


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Jupyter loads extensions in the order of their names, and the first that has a route answers it."""
    if not server.jpserver_extensions.get(NBGRADER_EXTENSION):
        server.log.info("%s is off, since %s is", __name__, NBGRADER_EXTENSION)
        return
    base = server.web_app.settings["base_url"]
    server.web_app.add_handlers(".*$", [(url_path_join(base, path), kind) for path, kind in addresses()])
