"""The plugin at people's desks: each action in a process of its own, and what was measured of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.desk_process import STAGES
from benchmarks.processes import cpu_seconds
from benchmarks.report import Table, decimal
from benchmarks.scene import Scene
from benchmarks.sizes import MB
from nbexchange.demo.servers import clean_environment

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
    "are not part of it. MB and MB/s are of the unpacked trees. Memory is the peak above what was resident when the "
    "action began, page cache excluded."
)
STAGES_NOTE = (
    "Seconds; each moment counts for the innermost stage. Gzip and hashing run within packing and transfer."
)


@dataclass(frozen=True)
class Carried:
    """One action that was measured, on `what`: bytes in the trees and in the archives."""

    action: str
    what: str
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
    def stages(self) -> list[str]:
        spent = self.report["stages"]
        unknown = spent.keys() - set(STAGES[self.action])
        assert not unknown, f"stages that no table has: {unknown}"
        return [self.what, *(f"{spent.get(stage, 0):.2f}" for stage in STAGES[self.action])]


def tables(carried: Sequence[Carried]) -> list[Table]:
    result = [Table("Submissions through the plugin", NOTE, HEAD, [entry.row for entry in carried])]
    for action, stages in STAGES.items():
        rows = [entry.stages for entry in carried if entry.action == action]
        title = f"Where the time goes: {action}"
        result.append(Table(title, STAGES_NOTE, ("data and store, s", *stages), rows))
    return result


@dataclass(frozen=True)
class DeskOf:
    """Somebody's home and token."""

    scene: Scene
    home: Path
    token: str

    def act(self, action: str, assignment: str) -> tuple[float, dict[str, Any]]:
        """Do it in a process; gives the service's CPU seconds and what the process reported."""
        environment = {
            **clean_environment(),
            "JUPYTERHUB_API_TOKEN": self.token,
            "PYTHONPATH": str(TESTS),
            "TMPDIR": str(self.home.parent),
        }
        module = [sys.executable, "-m", "benchmarks.desk_process"]
        command = [*module, action, str(self.home), self.scene.service.url, assignment]
        before = cpu_seconds(self.scene.pid)
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        return cpu_seconds(self.scene.pid) - before, json.loads(done.stdout)


def instructors_desk(scene: Scene, home: Path, token: str, gradebook: Path) -> DeskOf:
    home.mkdir(parents=True)
    shutil.copy(gradebook, home / "gradebook.db")
    return DeskOf(scene, home, token)


def make_gradebook(path: Path) -> None:
    """nbgrader makes one by running `alembic` from the PATH, which takes its time."""
    script = "import sys; from nbgrader.api import Gradebook; Gradebook(sys.argv[1]).close()"
    command = [sys.executable, "-c", script, f"sqlite:///{path}"]
    subprocess.run(command, env=clean_environment(), check=True)
