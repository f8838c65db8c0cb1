"""Two hubs for the whole folder: one with the exchange beside it, one that starts the exchange itself."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.hub import Hub, running_hub
from support.programs import hub_proxy


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The proxy may have to come from npm's index."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.packaging)


@contextmanager
def hub_in_a_folder_of_its_own(*, managed: bool) -> Iterator[Hub]:
    with (
        tempfile.TemporaryDirectory(prefix="nbexchange-hub-") as folder,
        running_hub(Path(folder), hub_proxy(), managed=managed) as hub,
    ):
        yield hub


@pytest.fixture(scope="session")
def external() -> Iterator[Hub]:
    """A hub, and an exchange that something else started."""
    with hub_in_a_folder_of_its_own(managed=False) as hub:
        yield hub


@pytest.fixture(scope="session")
def managed() -> Iterator[Hub]:
    """A hub that starts the exchange."""
    with hub_in_a_folder_of_its_own(managed=True) as hub:
        yield hub


@pytest.fixture(params=["external", "managed"])
def hub(request: pytest.FixtureRequest) -> Hub:
    """Either of them."""
    found: Hub = request.getfixturevalue(request.param)
    return found
