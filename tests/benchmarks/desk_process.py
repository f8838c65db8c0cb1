"""A process that does one thing with the plugin at somebody's desk, and prints what it took, as JSON.

python -m benchmarks.desk_process submit|collect HOME URL ASSIGNMENT
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

from support.people.callers import COURSE
from support.people.classroom import Desk
from support.servers.memory import forget_peak, peak

from benchmarks.stopwatch import Stopwatch
from nbexchange.plugin import ExchangeCollect, ExchangeSubmit

ACTIONS = {"submit": ExchangeSubmit, "collect": ExchangeCollect}

WALKING, READING, SHRINKING = "walking", "reading and packing", "gzip"
SENDING, RECEIVING, HASHING = "sending", "receiving", "hashing"
INFLATING, WRITING, CALLS, COMPLETING = "gunzip", "writing files", "calls to the service", "completing"
KEEPING = "keeping a copy"
ELSEWHERE = "elsewhere"

STAGES = {
    "submit": (
        CALLS,
        WALKING,
        READING,
        SHRINKING,
        HASHING,
        SENDING,
        COMPLETING,
        KEEPING,
        INFLATING,
        ELSEWHERE,
    ),
    "collect": (CALLS, RECEIVING, HASHING, INFLATING, WRITING, ELSEWHERE),
}
"""The stages of each action, as they come."""

FUNCTIONS = {
    "nbexchange.plugin.exchange.survey": WALKING,
    "nbexchange.plugin.exchange.pack": READING,
    "nbexchange.plugin.exchange.unpack": WRITING,
    "nbexchange.plugin.copies.Copies.keep": KEEPING,
    "nbexchange.plugin.transfer.storage.Storage.put": SENDING,
    "nbexchange.plugin.transfer.storage.Storage.get": RECEIVING,
    "nbexchange.plugin.service.client.Client.assignments": CALLS,
    "nbexchange.plugin.service.client.Client.submissions": CALLS,
    "nbexchange.plugin.service.client.Client.downloads": CALLS,
    "nbexchange.plugin.service.client.Client.initiate": CALLS,
    "nbexchange.plugin.service.client.Client.complete": COMPLETING,
    "nbexchange.plugin.archives.extraction._Inflater.readinto": INFLATING,
}


@contextmanager
def watched(watch: Stopwatch) -> Iterator[None]:
    """Time the functions above, and the objects that hash and compress."""
    hashing = SimpleNamespace(sha256=watch.making(HASHING, hashlib.sha256))
    with ExitStack() as stack:
        for target, stage in FUNCTIONS.items():
            owner, _, name = target.rpartition(".")
            stack.enter_context(patch(target, watch.timed(stage, _find(owner, name))))
        for module in ("archives.packing", "archives.digests", "transfer.storage"):
            stack.enter_context(patch(f"nbexchange.plugin.{module}.hashlib", hashing))
        stack.enter_context(patch("zlib.compressobj", watch.making(SHRINKING, zlib.compressobj)))
        yield


def _find(owner: str, name: str) -> object:
    from pkgutil import resolve_name

    return getattr(resolve_name(owner), name)


def main(action: str, home: str, url: str, assignment: str) -> None:
    desk = Desk(Path(home), url, os.environ["JUPYTERHUB_API_TOKEN"])
    prepared = desk.make(ACTIONS[action], assignment, COURSE)
    before = forget_peak()
    watch = Stopwatch(ELSEWHERE)
    started, cpu = time.perf_counter(), time.process_time()
    with watched(watch):
        prepared.start()
    watch.charge()
    if unseen := set(STAGES[action]) - watch.seconds.keys():
        raise SystemExit(f"nothing was counted for {', '.join(unseen)}: see FUNCTIONS")
    report = {
        "seconds": time.perf_counter() - started,
        "cpu": time.process_time() - cpu,
        "memory_before": before,
        "memory_peak": peak("self"),
        "stages": watch.seconds,
        "messages": desk.messages,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main(*sys.argv[1:])
