"""A classroom: an instructor and two students, each with a home of their own, over real HTTP."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pkgutil import resolve_name
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from support.people.classroom import Desk
from support.people.jupyter_server import manager_of
from support.servers.recording import Recording, recording

from nbexchange import protocol
from nbexchange.api.http import conventions
from nbexchange.plugin import ExchangeReleaseAssignment, ExchangeSubmit
from nbexchange.plugin.service.calls import Call
from nbexchange.plugin.service.client import Client


@pytest.fixture(autouse=True)
def no_waiting_between_tries(monkeypatch):
    for module in ("service.client", "transfer.storage"):
        retries = resolve_name(f"nbexchange.plugin.{module}:RETRIES")
        at_once = retries.new(backoff_factor=0, backoff_jitter=0)
        monkeypatch.setattr(f"nbexchange.plugin.{module}.RETRIES", at_once)


@pytest.fixture
def db_url(tmp_path, sqlite_template):
    """The plugin does not know what is behind the service: one database is enough here."""
    path = tmp_path / "test.sqlite"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def desks(people, live_url, tmp_path, gradebook_template) -> SimpleNamespace:
    def desk(name: str) -> Desk:
        home = tmp_path / "homes" / name
        home.mkdir(parents=True)
        return Desk(home, live_url, getattr(people, name).token)

    everybody = {name: desk(name) for name in ("teacher", "ada", "ben", "outsider")}
    shutil.copy(gradebook_template, everybody["teacher"].home / "gradebook.db")
    return SimpleNamespace(**everybody)


@pytest.fixture
def released(desks) -> SimpleNamespace:
    """The classroom, with `ps1` released: a notebook, another in a folder, some data."""
    desks.teacher.write("release/ps1/p1.ipynb")
    desks.teacher.write("release/ps1/part/p2.ipynb", "{ }")
    desks.teacher.write("release/ps1/data.csv", "1,2,3")
    desks.teacher.run(ExchangeReleaseAssignment, "ps1")
    return desks


@pytest.fixture
def submitted(released) -> SimpleNamespace:
    """The classroom, with work of ada and ben submitted."""
    for desk in (released.ada, released.ben):
        desk.write("ps1/p1.ipynb", f"work of {desk.home.name}")
        desk.write("ps1/part/p2.ipynb")
        desk.run(ExchangeSubmit, "ps1")
    return released


@pytest.fixture
def manager(submitted):
    """What answers ada's Assignment List."""
    with manager_of(submitted.ada) as adas:
        yield adas


@pytest.fixture
def everything(desks):
    """One desk with all that any action wants to find."""
    desk = desks.teacher
    desk.write("release/ps1/p1.ipynb")
    desk.write("work/ps1/p1.ipynb")
    desk.write("feedback/ada/ps1/p1.html", "good")
    desk.write("feedback/ada/ps1/timestamp.txt", "2026-01-02 03:04:05 UTC")
    return desk


@pytest.fixture
def newer_answers(monkeypatch) -> dict[tuple[str, str], Callable[[Any], None]]:
    """A service of the next revision. What is put in here, by method and path, changes its answers, as JSON."""
    monkeypatch.setattr(conventions, "REVISION", protocol.REVISION + 1)
    real, changes = Call.content, {}

    def content(self, response):
        path = urlsplit(response.url).path.partition("/services/nbexchange/")[2]
        answer = json.loads(real(self, response))
        changes.get((response.request.method, path), lambda _: None)(answer)
        return json.dumps(answer).encode()

    monkeypatch.setattr(Call, "content", content)
    return changes


@pytest.fixture
def heard(app, desks) -> Iterator[Recording]:
    """What the service hears of the classroom, over connections that stay."""
    with recording(app) as record:
        for desk in vars(desks).values():
            desk.url = record.url
        yield record


@pytest.fixture
def calls(monkeypatch) -> list[str]:
    """The paths that the service is asked for."""
    real, paths = Client._call, []

    def counting(self, method, path, *arguments, **options):
        paths.append(path)
        return real(self, method, path, *arguments, **options)

    monkeypatch.setattr(Client, "_call", counting)
    return paths
