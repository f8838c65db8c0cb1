"""Calls of this version beside those of another commit, each in an environment of its own, in one run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.calls import SETUP, Cost, measure
from benchmarks.filling import fill_with_calls
from benchmarks.report import Table, decimal
from benchmarks.scene import STORES, running_service
from benchmarks.sizes import Sizes
from benchmarks.submitting import compare

ROOT = Path(__file__).parents[2]

HEAD = (
    "call",
    "service CPU, ms/call",
    "before",
    "ratio",
    "PostgreSQL CPU, ms/call",
    "before",
    "ratio",
    "statements",
    "before",
)


def run(commit: str, folder: Path, sizes: Sizes) -> Iterator[Table]:
    """A table for each store: the present version, then the one of the commit, call by call."""
    former = install(commit, folder / "former")
    for store in sizes.stores:
        with ExitStack() as stack:
            costs = []
            for name, python in (("present", sys.executable), ("former", former)):
                service = running_service(folder / store / name, store, workers=1, python=python)
                scene = stack.enter_context(service)
                fill_with_calls(scene, sizes)
                costs.append(measure(scene, sizes))
            pairs = zip(*costs, strict=True)  # in turns, a few calls of each version
            rows = [_row(present, past) for present, past in pairs if present and past]
        title = f"Calls beside those of {commit}, on PostgreSQL and {STORES[store]}"
        yield Table(title, SETUP.format(sizes), HEAD, rows)
    yield compare(commit, former, folder, sizes)


def install(commit: str, folder: Path) -> str:
    """Check the commit out, install its service into an environment of its own; gives the path of that Python."""
    source, environment = folder / "source", folder / "environment"
    source.mkdir(parents=True)
    archive = _run("git", "-C", str(ROOT), "archive", commit)
    _run("tar", "-x", "-C", str(source), content=archive)
    _run(sys.executable, "-m", "venv", str(environment))
    python = str(environment / "bin" / "python")
    _run(python, "-m", "pip", "install", "-qqq", f"{source}[server]")
    return python


def _run(*command: str, content: bytes = b"") -> bytes:
    return subprocess.run(command, input=content, stdout=subprocess.PIPE, check=True).stdout


def _row(present: Cost, former: Cost) -> Sequence[str]:
    return [
        present.call,
        *_beside(present.service, former.service),
        *_beside(present.database, former.database),
        str(present.statements),
        str(former.statements),
    ]


def _beside(present: float, former: float) -> list[str]:
    ratio = present / former if former else 0  # the kernel counts in hundredths of a second
    return [decimal(present), decimal(former), decimal(ratio)]
