"""Two hubs for the whole folder: one with the exchange beside it, one that starts the exchange itself."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from support.hub.browser import running_browser
from support.hub.hub import Hub, running_hub
from support.hub.hub_config import PEOPLE
from support.hub.programs import chromium, hub_proxy, needed

SCREENSHOTS = Path(
    os.environ.get("NBEXCHANGE_SCREENSHOTS") or Path(__file__).parents[2] / "build" / "screenshots"
)
"""Read before any test begins: tests see no variable of the user who runs them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The proxy may have to come from npm's index."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.packaging)


@contextmanager
def hub_in_a_folder_of_its_own(*, managed: bool) -> Iterator[Hub]:
    with (
        tempfile.TemporaryDirectory(prefix="nbexchange-hub-") as folder,
        running_hub(Path(folder), needed(hub_proxy), managed=managed) as hub,
    ):
        hub.start_servers(*PEOPLE)
        yield hub


@pytest.fixture(scope="package")
def external() -> Iterator[Hub]:
    """A hub, and an exchange that something else started."""
    with hub_in_a_folder_of_its_own(managed=False) as hub:
        yield hub


@pytest.fixture(scope="package")
def managed() -> Iterator[Hub]:
    """A hub that starts the exchange."""
    with hub_in_a_folder_of_its_own(managed=True) as hub:
        yield hub


@pytest.fixture(params=["external", "managed"])
def hub(request: pytest.FixtureRequest) -> Hub:
    """Either of them."""
    running: Hub = request.getfixturevalue(request.param)
    return running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """No longer than a module: while it runs, so does its event loop, which other tests would not expect."""
    with running_browser(needed(chromium)) as browser:
        yield browser


@pytest.fixture
def screenshots() -> Path:
    """Where what was on the screen is kept."""
    return SCREENSHOTS
