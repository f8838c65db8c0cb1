"""How many small submissions a second the service takes: two workers, and clients who do one after the other."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from support.people.callers import TEACHER, archive_item

from benchmarks.calls import TURNS
from benchmarks.clients import Call, KeptConnection, announce, post, request_bytes, send
from benchmarks.report import Table, decimal
from benchmarks.scene import STORES, Scene, assignment, running_service, student
from benchmarks.sizes import Sizes

BODY = b"0123456789" * 1000
CLIENTS = 16
WORKERS = 2


@dataclass(frozen=True)
class Pace:
    """How fast submissions were taken; times are milliseconds of CPU for each of them."""

    per_second: float
    service: float
    database: float


def compare(commit: str, former: str, folder: Path, sizes: Sizes) -> Table:
    """The present service beside that of the environment `former`, on each store in turn."""
    head = (
        "store and version",
        "submissions/s",
        "service CPU, ms",
        "PostgreSQL CPU, ms",
        "ratio of submissions/s",
    )
    rows = []
    for store in sizes.stores:
        *_, (before, now) = zip(
            *(
                _measure(folder / store / f"pace-{name}", store, python, sizes)
                for name, python in (("former", former), ("present", sys.executable))
            ),
            strict=True,
        )
        assert before and now
        rows.append([f"{STORES[store]}, {commit}", *_figures(before), decimal(1)])
        rows.append([f"{STORES[store]}, now", *_figures(now), decimal(now.per_second / before.per_second)])
    note = (
        f"{len(BODY) // 1000} KB each, announced, sent and completed by {CLIENTS} clients (threads of one process), "
        f"{WORKERS} workers; clients, service, PostgreSQL and store share the machine's cores."
    )
    return Table("Submissions a second", note, head, rows)


def _figures(pace: Pace) -> list[str]:
    return [decimal(pace.per_second), decimal(pace.service), decimal(pace.database)]


def _measure(folder: Path, store: str, python: str, sizes: Sizes) -> Iterator[Pace | None]:
    """None each time that it is the other version's turn, and the pace at last."""
    with running_service(folder, store, workers=WORKERS, python=python) as scene:
        send(scene.service.base_url, scene.token(TEACHER), "release", assignment(0), archive_item(BODY), BODY)
        tokens = [scene.token(student(number)) for number in range(CLIENTS)]
        count = max(1, sizes.initiates // CLIENTS // TURNS)
        with _submitters(scene, tokens) as submitters, ThreadPoolExecutor(CLIENTS) as pool:

            def submit(number: int) -> None:
                list(pool.map(lambda submitter: submitter.submit(number), submitters))

            submit(count)
            yield None
            before, seconds = scene.cpu_seconds(), 0.0
            for _ in range(TURNS):
                started = time.perf_counter()
                submit(count)
                seconds += time.perf_counter() - started
                spent = [1000 * (end - start) for end, start in zip(scene.cpu_seconds(), before, strict=True)]
                yield None
            done = TURNS * count * CLIENTS
            yield Pace(done / seconds, *(milliseconds / done for milliseconds in spent))


@contextmanager
def _submitters(scene: Scene, tokens: Sequence[str]) -> Iterator[list[Submitter]]:
    submitters = [Submitter(scene.service.base_url, token) for token in tokens]
    try:
        yield submitters
    finally:
        for submitter in submitters:
            submitter.close()


class Submitter:
    """A student with one connection to the service, and one to the store."""

    def __init__(self, base_url: str, token: str) -> None:
        self.url = urlsplit(base_url)
        self.token = token
        self.service = KeptConnection(self.url.netloc)
        self.stores: dict[str, KeptConnection] = {}

    def submit(self, number: int) -> None:
        """Submit so many times."""
        for _ in range(number):
            item = archive_item(BODY)
            granted = self._ask(announce(self.token, "submission", assignment(0), [item]))
            self._put(granted)
            self._ask(post(self.token, "v1/uploads/complete", {"ids": [item["id"]]}))

    def _ask(self, call: Call) -> dict[str, Any]:
        status, body = self.service.ask(call.as_bytes(self.url.netloc, self.url.path))
        (item,) = json.loads(body)["items"] if status == 200 else [{"type": "error"}]
        if item["type"] == "error":
            raise RuntimeError(f"{call.path}: {status} {body[:500]!r}")
        return dict(item)

    def _put(self, granted: dict[str, Any]) -> None:
        url = urlsplit(urljoin(self.url.geturl(), granted["url"]))
        if url.netloc not in self.stores:
            self.stores[url.netloc] = KeptConnection(url.netloc)
        target = f"{url.path}?{url.query}"
        request = request_bytes("PUT", url.netloc, target, granted["headers"], BODY)
        status, answer = self.stores[url.netloc].ask(request)
        if status != 200:
            raise RuntimeError(f"the store answered {status} {answer[:500]!r}")

    def close(self) -> None:
        for connection in (self.service, *self.stores.values()):
            connection.close()
