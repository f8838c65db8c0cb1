"""What the service's memory does while students send: it holds no submission, so it must not grow with them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from support.people.callers import TEACHER, archive_item

from benchmarks.clients import send
from benchmarks.data import incompressible, repeated
from benchmarks.processes import cpu_seconds, peaks, resident
from benchmarks.report import Table, decimal
from benchmarks.scene import STORES, Scene, assignment, running_service, student
from benchmarks.sizes import MB, Sizes

HEAD = ("when", "resident, MB", "sum of peaks, MB", "service CPU, ms per MB sent")
NOTE = (
    "All processes of the service together (gunicorn's master and two workers of eight threads). On S3 the bytes go "
    "past the service; on the local store they stream through it."
)


def run(folder: Path, sizes: Sizes) -> Iterator[Table]:
    for store in sizes.stores:
        name = STORES[store]
        with running_service(folder / store, store) as scene:
            rows = list(_measure(scene, sizes))
        yield Table(f"Memory of the service, on PostgreSQL and {name}", NOTE, HEAD, rows)


def _measure(scene: Scene, sizes: Sizes) -> Iterator[list[str]]:
    url, teacher = scene.service.base_url, scene.token(TEACHER)
    students = [scene.token(student(number)) for number in range(sizes.clients)]
    small = incompressible(sizes.small_object)
    large = _large_item(sizes.large_object)

    def submit_small(token: str) -> None:
        send(url, token, "submission", assignment(0), archive_item(small), small)

    def submissions(number: int) -> int:
        """As many of the very same bytes, by students side by side."""
        with ThreadPoolExecutor(len(students)) as pool:
            list(pool.map(submit_small, (students[n % len(students)] for n in range(number))))
        return number * len(small)

    def one_large() -> int:
        body = repeated(incompressible(MB), large["size"])
        return send(url, students[0], "submission", assignment(0), large, body)

    send(url, teacher, "release", assignment(0), archive_item(small), small)
    few, many = min(20, sizes.small_objects), sizes.small_objects
    yield _row(scene, f"after a release and {few} submissions", lambda: submissions(few))
    name = f"after {many} submissions of {decimal(len(small) / MB)} MB"
    yield _row(scene, name, lambda: submissions(many))
    yield _row(scene, "after as many again", lambda: submissions(many))
    yield _row(scene, f"after one submission of {decimal(large['size'] / MB)} MB", one_large)


def _row(scene: Scene, name: str, work: Callable[[], int]) -> list[str]:
    before = cpu_seconds(scene.pid)
    sent = work()
    spent = 1000 * (cpu_seconds(scene.pid) - before) / (sent / MB)
    return [name, *map(decimal, (resident(scene.pid) / MB, peaks(scene.pid) / MB, spent))]


def _large_item(size: int) -> dict[str, Any]:
    digest = hashlib.sha256()
    for chunk in repeated(incompressible(MB), size):
        digest.update(chunk)
    return {**archive_item(b""), "size": size, "unpacked_size": size, "sha256": digest.hexdigest()}
