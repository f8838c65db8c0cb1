"""How long a notebook server lets others wait while its student submits, behind a real hub."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.hub.classroom_hub import done, release
from support.hub.hub import Hub, running_hub
from support.hub.hub_config import STUDENTS
from support.hub.programs import hub_proxy
from support.hub.responsiveness import Waits, waits_during

from benchmarks import data
from benchmarks.report import Table, decimal
from benchmarks.sizes import MB, Sizes

EXTENSION = "nbexchange.plugin.assignment_list"
ASSIGNMENT = "large"

WAYS = {"with nbgrader's own handlers": False, "with nbexchange's extension": True}


def run(folder: Path, sizes: Sizes) -> Iterator[Table]:
    with running_hub(folder, hub_proxy(), managed=False) as hub:
        yield table(hub, sizes)


def table(hub: Hub, sizes: Sizes) -> Table:
    """The same tree from one server with the extension and from one without, on a hub that runs already."""
    rows = []
    release(hub, ASSIGNMENT)
    for (way, is_ours), student in zip(WAYS.items(), STUDENTS, strict=True):
        with extension_switched(hub, student, is_ours):
            size, waits = submit(hub, student, sizes)
        rows.append([way, *figures(size, waits)])
    return Table(
        "Waiting for a notebook server while it submits",
        "One student submits incompressible data through nbgrader's server extension, over the hub's proxy to an "
        "exchange with a directory; another client asks the same server for `api/status`, one call after the other.",
        ["way", "MB", "submit, s", "longest wait, ms", "median wait, ms", "answers meanwhile"],
        rows,
    )


@contextmanager
def extension_switched(hub: Hub, student: str, on: bool) -> Iterator[None]:
    """While the block lasts, this student's server, started anew, has the extension or does without it."""
    config = hub.folder / "jupyter" / "jupyter_server_config.d" / "extension.json"
    config.parent.mkdir(exist_ok=True)
    config.write_text(json.dumps({"ServerApp": {"jpserver_extensions": {EXTENSION: on}}}))
    hub.stop_server(student)
    try:
        yield
    finally:
        config.unlink()
        hub.stop_server(student)


def submit(hub: Hub, student: str, sizes: Sizes) -> tuple[int, Waits]:
    server = hub.server(student)
    size = data.write_tree(server.home / ASSIGNMENT, "incompressible", sizes, sizes.tree // 10)
    waits = waits_during(server, lambda: server.act("submit", ASSIGNMENT))
    done(waits.answer)
    return size, waits


def figures(size: int, waits: Waits) -> Iterator[str]:
    yield decimal(size / MB)
    yield decimal(waits.action)
    yield decimal(1000 * waits.longest)
    yield decimal(1000 * waits.median)
    yield str(len(waits.others))
