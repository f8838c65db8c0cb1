"""A classroom: an instructor and two students, each with a home of their own, over real HTTP."""

from __future__ import annotations

import shutil
from pkgutil import resolve_name
from types import SimpleNamespace

import pytest
from support.people.classroom import Desk

from nbexchange.plugin import ExchangeReleaseAssignment, ExchangeSubmit
from nbexchange.plugin.service.client import Client


@pytest.fixture(autouse=True)
def no_waiting_between_tries(monkeypatch):
    for module in ("service.client", "transfer.storage"):
        retries = f"nbexchange.plugin.{module}.RETRIES"
        monkeypatch.setattr(
            retries, resolve_name(retries.replace(".RETRIES", ":RETRIES")).new(backoff_factor=0)
        )


@pytest.fixture
def db_url(tmp_path, sqlite_template):
    """The plugin does not know what is behind the service: one database is enough here."""
    place = tmp_path / "test.sqlite"
    shutil.copy(sqlite_template, place)
    return f"sqlite:///{place}"


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
def calls(monkeypatch) -> list[str]:
    """The paths that the service is asked for."""
    real, paths = Client._call, []

    def counting(self, method, path, *arguments, **options):
        paths.append(path)
        return real(self, method, path, *arguments, **options)

    monkeypatch.setattr(Client, "_call", counting)
    return paths
