"""A pytest plugin under which nbgrader's own tests use this exchange: see `test_nbgraders_own_tests.py`.

Those tests make a new exchange directory each, and are student and instructor at once: so each gets an organisation of
its own, in which the operating system's user is the instructor of every course.
"""

from __future__ import annotations

import os
import tomllib
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import nbgrader.api
import pytest
from nbgrader.tests.apps import test_api
from nbgrader.utils import get_username
from traitlets.config import Config
from upstream.exchange_directory import showing_itself

from nbexchange.api.auth.tokens import TokenFile
from nbexchange.demo.course import FACTORY_LINES
from nbexchange.plugin.exchange import Exchange

COURSES = ("abc101", "abc102", "xyz200")


nbgrader.api.get_alembic_version = cache(nbgrader.api.get_alembic_version)
"""Always the same: nbgrader runs `alembic` for it whenever a gradebook is made, which takes a second."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--token-file", type=Path)
    parser.addoption("--left-out", type=Path)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is on the list; what is there and does not exist is an error."""
    listed = tomllib.loads(config.getoption("--left-out").read_text())["left_out"]
    left_out = {name for entry in listed for name in entry["tests"]}
    named = {item: name_of(item) for item in items}
    if unknown := left_out - set(named.values()):
        raise pytest.UsageError(f"nbgrader has no such tests: {', '.join(sorted(unknown))}")
    config.hook.pytest_deselected(items=[item for item in items if named[item] in left_out])
    items[:] = [item for item in items if named[item] not in left_out]


def name_of(item: pytest.Item) -> str:
    """Module and function: all parameters of a test are one."""
    return f"{item.path.stem}::{item.originalname}"


@pytest.fixture(autouse=True)
def exchange_of_its_own(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    courses = [{"course_id": course, "course_role": "Instructor"} for course in COURSES]
    user = {"name": get_username(), "org_id": uuid4().hex, "courses": courses}
    token = TokenFile(request.config.getoption("--token-file")).create(user)
    # nbgrader's helper puts a plain dictionary in the place of `os.environ`.
    monkeypatch.setitem(os.environ, "JUPYTERHUB_API_TOKEN", token)


@pytest.fixture(autouse=True)
def exchange_that_shows_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Exchange, "start", showing_itself(Exchange.start))


@pytest.fixture(autouse=True)
def no_waiting_for_the_next_second(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """They wait between two submissions, since nbgrader's stamps are whole seconds: ours are not."""
    if hasattr(request.module, "time"):
        monkeypatch.setattr(request.module, "time", SimpleNamespace(sleep=lambda _: None))


@pytest.fixture(autouse=True)
def configuration_made_in_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests of the API read no file: the configuration that they begin with has the eight lines."""

    def with_the_eight_lines() -> Config:
        config = Config()
        exec(FACTORY_LINES, {"c": config})
        return config

    monkeypatch.setattr(test_api, "Config", with_the_eight_lines)
