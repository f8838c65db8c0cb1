"""A large submission through the plugin, and its collection: time, memory, and where the time goes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import data
from benchmarks.clients import Call, announce, archive_item, drive, post, put
from benchmarks.desk_process import STAGES
from benchmarks.processes import cpu_seconds
from benchmarks.report import Table, decimal
from benchmarks.scene import COURSE, STORES, TEACHER, Scene, running_service, student
from benchmarks.sizes import MB, Sizes
from nbexchange.api.demo.servers import clean_environment

TESTS = Path(__file__).parents[1]

HEAD = (
    "action, data and store",
    "MB",
    "packed, MB",
    "s",
    "MB/s",
    "plugin CPU, s",
    "service CPU, s",
    "memory above start, MB",
)
NOTE = (
    "One process of the plugin (ExchangeSubmit, ExchangeCollect), timed from its first call to its last; imports "
    "are not part of it. MB and MB/s are of the unpacked tree. Memory is the peak above what was resident when the "
    "action began, page cache excluded."
)
STAGES_NOTE = (
    "Seconds; each moment counts for the innermost stage. Gzip and hashing run within packing and transfer."
)


@dataclass(frozen=True)
class Carried:
    """One action that was measured."""

    action: str
    kind: str
    store: str
    size: int
    packed: int
    service_cpu: float
    report: dict[str, Any]

    @property
    def row(self) -> list[str]:
        above = self.report["memory_peak"] - self.report["memory_before"]
        seconds = self.report["seconds"]
        figures = [self.size / MB, self.packed / MB, seconds, self.size / MB / seconds]
        figures += [self.report["cpu"], self.service_cpu, above / MB]
        return [f"{self.action}: {self.what}", *map(decimal, figures)]

    @property
    def what(self) -> str:
        return f"{data.KINDS[self.kind]}, {STORES[self.store]}"

    @property
    def stages(self) -> list[str]:
        spent = self.report["stages"]
        unknown = spent.keys() - set(STAGES[self.action])
        assert not unknown, f"stages that no table has: {unknown}"
        seconds = [f"{spent.get(stage, 0):.2f}" for stage in STAGES[self.action]]
        return [self.what, *seconds]


def run(folder: Path, sizes: Sizes) -> Iterator[Table]:
    carried: list[Carried] = []
    _make_gradebook(folder / "gradebook.db")
    for store in STORES:
        with running_service(folder / store, store) as scene:
            for kind in sizes.trees:
                carried += _carry(scene, folder / store / kind, store, kind, sizes)
    yield Table("A submission through the plugin", NOTE, HEAD, [entry.row for entry in carried])
    for action, stages in STAGES.items():
        rows = [entry.stages for entry in carried if entry.action == action]
        yield Table(f"Where the time goes: {action}", STAGES_NOTE, ("data and store, s", *stages), rows)


def _carry(scene: Scene, folder: Path, store: str, kind: str, sizes: Sizes) -> Iterator[Carried]:
    """Submit a tree and collect it, each in a process of its own; nothing of it stays but what the store has."""
    homes = {"submit": folder / student(0), "collect": folder / TEACHER}
    tokens = {"submit": scene.token(student(0)), "collect": scene.token(TEACHER)}
    assignment = f"of-{kind}"
    size = data.write_tree(homes["submit"] / assignment, kind, sizes)
    homes["collect"].mkdir()
    shutil.copy(folder.parents[1] / "gradebook.db", homes["collect"])
    _release(scene, tokens["collect"], assignment)
    for action, home in homes.items():
        before = cpu_seconds(scene.pid)
        report = _at_desk(scene, action, home, tokens[action], assignment)
        spent = cpu_seconds(scene.pid) - before
        yield Carried(
            action, kind, store, size, _packed_size(scene, tokens["collect"], assignment), spent, report
        )
    _compare(homes["submit"] / assignment, homes["collect"] / "submitted" / student(0) / assignment)
    shutil.rmtree(folder)


def _make_gradebook(place: Path) -> None:
    """nbgrader makes one by running `alembic` from the PATH, which takes its time."""
    script = "import sys; from nbgrader.api import Gradebook; Gradebook(sys.argv[1]).close()"
    command = [sys.executable, "-c", script, f"sqlite:///{place}"]
    subprocess.run(command, env=clean_environment(), check=True)


def _release(scene: Scene, token: str, assignment: str) -> None:
    wanted = archive_item(b"release")
    (granted,) = drive(scene.service.base_url, [announce(token, "release", assignment, [wanted])], 1).items()
    put(scene.service.base_url, granted, b"release")
    drive(scene.service.base_url, [post(token, "v1/uploads/complete", {"ids": [wanted["id"]]})], 1).items()


def _at_desk(scene: Scene, action: str, home: Path, token: str, assignment: str) -> dict[str, Any]:
    environment = {
        **clean_environment(),
        "JUPYTERHUB_API_TOKEN": token,
        "PYTHONPATH": str(TESTS),
        "TMPDIR": str(home.parent),
    }
    command = [
        sys.executable,
        "-m",
        "benchmarks.desk_process",
        action,
        str(home),
        scene.service.url,
        assignment,
    ]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def _packed_size(scene: Scene, token: str, assignment: str) -> int:

    path = f"v1/submissions?course_id={COURSE}&assignment_id={assignment}"
    (body,) = drive(scene.service.base_url, [Call(token, "GET", path)], 1).bodies
    (submission,) = json.loads(body)["submissions"]
    return submission["size"]


def _compare(sent: Path, collected: Path) -> None:
    """What was collected is what was submitted, by number of files and of bytes."""
    names = {"timestamp.txt", "submission_secret.txt"}
    there = {p.relative_to(sent): p.stat().st_size for p in sent.rglob("*") if p.is_file()}
    here = {p.relative_to(collected): p.stat().st_size for p in collected.rglob("*") if p.is_file()}
    here = {path: size for path, size in here.items() if str(path) not in names}
    assert here == there, f"{len(here)} files came of {len(there)}"
