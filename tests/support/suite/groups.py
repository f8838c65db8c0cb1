"""In what order tests run, and which of them one process runs since they share what takes long to start.

A module whose fixtures live as long as it does says so itself, with the mark `xdist_group`.
"""

from __future__ import annotations

import pytest

LONG = ("hub", "upstream", "e2e", "benchmarks", "faults")
"""Folders with long tests: begun first, so that at the end no process waits for another's."""


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: (*LONG, item.path.parent.name).index(item.path.parent.name))
    for item in items:
        if name := _group(item):
            item.add_marker(pytest.mark.xdist_group(name))


def _group(item: pytest.Item) -> str | None:
    if item.path.parent.name == "hub":
        return _hub(item)
    if item.path.parent.name == "contract" and isinstance(item, pytest.Function):
        callspec = getattr(item, "callspec", None)  # where a test has parameters
        return callspec and callspec.params.get("client")
    return "pair" if "pair" in getattr(item, "fixturenames", ()) else None


def _hub(item: pytest.Item) -> str:
    """One process for each hub that is shared, and another for tests that start one of their own."""
    if item.path.stem == "test_hub_itself":
        return "hub itself"
    callspec = getattr(item, "callspec", None)
    return str(callspec.params.get("hub", "external")) if callspec else "external"
