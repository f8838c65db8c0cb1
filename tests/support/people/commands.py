"""The real commands, ours and nbgrader's: in this process where they can be, since each of its own takes seconds."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import requests
from flask import Flask
from jupyter_core.application import NoStart
from nbgrader.apps.nbgraderapp import NbGraderApp
from werkzeug.serving import make_server

from nbexchange.api.cli.app import NbExchangeApp
from nbexchange.api.cli.base import Command
from nbexchange.api.http.current import EXTENSION
from nbexchange.api.http.server import Server
from nbexchange.demo import servers
from nbexchange.plugin.cli.app import JupyterNbExchange
from support.servers.serving import serving


def run_nbgrader(arguments: Sequence[str], status: int = 0) -> str:
    """What `nbgrader` with these arguments logged, as a terminal shows it; fails at another exit status."""
    log = io.StringIO()
    app = NbGraderApp.instance()
    try:
        app.initialize(list(arguments))
        app.init_logging(logging.StreamHandler, [log], color=False, subapps=True)
        app.start()
        ended: object = 0
    except NoStart:
        ended = 0
    except SystemExit as end:
        ended = end.code
    finally:
        app.reset()
    said = log.getvalue()
    assert ended == status, f"nbgrader {' '.join(arguments)} ended with {ended}:\n{said}"
    return said


def run_nbexchange(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """An `nbexchange` command for the service that has its data in `folder`; says how it ended, and what it printed."""
    folder.mkdir(exist_ok=True)
    environment = {**servers.clean_environment(), **servers.service_settings(folder), **settings}
    command = [sys.executable, "-m", "nbexchange.api", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@dataclass(frozen=True)
class Ended:
    """How a command in this process ended, and what it printed."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def _refuse_to_serve(server: Server) -> None:
    raise AssertionError("gunicorn was about to run in this process")


def run_nbexchange_here(
    folder: Path, *arguments: str, serve: Callable[[Server], object] = _refuse_to_serve, **settings: str
) -> Ended:
    """The same command in this process; where it would run gunicorn, `serve` is called."""
    folder.mkdir(exist_ok=True)
    environment = {**servers.clean_environment(), **servers.service_settings(folder), **settings}
    out, err = io.StringIO(), io.StringIO()
    with (
        patch.dict(os.environ, environment, clear=True),
        patch.object(Server, "run", serve),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            NbExchangeApp.launch_instance(list(arguments))
            status: object = 0
        except SystemExit as end:
            status = end.code
            if isinstance(status, str):  # as the interpreter does
                print(status, file=sys.stderr)
                status = 1
        finally:
            if Command.initialized():
                type(Command.instance()).clear_instance()
    assert status is None or isinstance(status, int)
    return Ended(status or 0, out.getvalue(), err.getvalue())


@contextmanager
def serving_here(folder: Path, *arguments: str, **settings: str) -> Iterator[str]:
    """What `nbexchange serve` begins, in threads of this process instead of gunicorn's; gives its address."""
    apps: list[Flask] = []
    ended = run_nbexchange_here(
        folder, "serve", *arguments, serve=lambda server: apps.append(server.load_app()), **settings
    )
    assert ended.status == 0, ended.err
    with serving(make_server("127.0.0.1", 0, apps[0], threaded=True)) as url:
        yield url
    apps[0].extensions[EXTENSION].database.engine.dispose()


def new_token(folder: Path, *arguments: str, **settings: str) -> str:
    """What `nbexchange token new` prints."""
    return run_nbexchange_here(folder, "token", "new", *arguments, **settings).out.strip()


def run_jupyter_nbexchange(arguments: Sequence[str]) -> Ended:
    """`jupyter nbexchange` with these arguments, in this process."""
    out, err = io.StringIO(), io.StringIO()
    app = JupyterNbExchange()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            app.initialize(list(arguments))
            app.start()
            status: object = 0
        except NoStart:
            status = 0
        except SystemExit as end:
            status = end.code
        finally:
            part = app.subapp
            while part:
                type(part).clear_instance()
                part = part.subapp
    assert isinstance(status, int)
    return Ended(status, out.getvalue(), err.getvalue())


def me(url: str, token: str, path: str = "services/nbexchange/") -> requests.Response:
    """What the service at this address says of the bearer of this token."""
    headers = {"Authorization": f"token {token}"}
    return requests.get(f"{url}/{path}v1/me", headers=headers, timeout=10)
