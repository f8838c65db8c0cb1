"""Prints figures: `PYTHONPATH=tests python -m benchmarks [--quick] [--against COMMIT] [--into FILE] [WHICH ...]`."""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from benchmarks import (
    against,
    calls,
    carrying,
    identities,
    layers,
    lists,
    memory,
    scale,
    signing,
    slow_callers,
    starting,
    statements,
    waiting,
)
from benchmarks.report import Table, machine, replace_figures
from benchmarks.sizes import FULL, QUICK, Sizes

Benchmark = Callable[[Path, Sizes], Iterator[Table]]

BENCHMARKS: Mapping[str, Benchmark] = {
    "calls": calls.run,
    "layers": layers.run,
    "identities": identities.run,
    "signing": signing.run,
    "statements": statements.run,
    "memory": memory.run,
    "lists": lists.run,
    "scale": scale.run,
    "slow callers": slow_callers.run,
    "carrying": carrying.run,
    "starting": starting.run,
    "waiting": waiting.run,
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks", description="Figures of the exchange, with units.")
    parser.add_argument("which", nargs="*", metavar="WHICH", help=f"of {', '.join(BENCHMARKS)}; default: all")
    parser.add_argument("--quick", action="store_true", help="a tenth of everything")
    parser.add_argument("--against", metavar="COMMIT", help="measure the calls beside those of this commit")
    parser.add_argument("--into", type=Path, help="replace the figures of this document, too")
    parser.add_argument("--folder", type=Path, help="where data is put, and removed; default: TMPDIR")
    options = parser.parse_args(arguments)
    if unknown := set(options.which) - BENCHMARKS.keys():
        parser.error(f"there is no {', '.join(unknown)}")
    if options.into and not options.into.is_file():
        parser.error(f"there is no document {options.into}")
    parts = []
    benchmarks = dict(BENCHMARKS)
    if options.against:
        benchmarks["calls"] = partial(against.run, options.against)
    chosen = {name: benchmarks[name] for name in options.which or BENCHMARKS}
    for part in figures(chosen, QUICK if options.quick else FULL, options.folder):
        print(part, flush=True)
        parts.append(part)
    if options.into:
        replace_figures(options.into, parts)


def figures(chosen: Mapping[str, Benchmark], sizes: Sizes, folder: Path | None = None) -> Iterator[str]:
    """The machine, then the tables of each benchmark, as they come."""
    work_folder = Path(tempfile.mkdtemp(prefix="nbexchange-benchmarks-", dir=folder))
    try:
        yield machine()
        for name, run in chosen.items():
            started, load = time.monotonic(), os.getloadavg()[0]
            (work_folder / name).mkdir()
            for table in run(work_folder / name, sizes):
                yield str(table)
            shutil.rmtree(work_folder / name)
            yield f"*{name}: {time.monotonic() - started:.0f} s; load before it: {load:.2f}*\n"
    finally:
        shutil.rmtree(work_folder, ignore_errors=True)


if __name__ == "__main__":
    main()
