"""What people wait for before anything happens: imports, and the shortest commands, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from support.people.callers import COURSE

from benchmarks.report import Table, decimal
from benchmarks.sizes import Sizes
from nbexchange.api.auth.tokens import TokenFile
from nbexchange.demo import servers
from nbexchange.demo.course import FACTORY_LINES

PROGRAMS = Path(sys.executable).parent

HEAD = ("command", "ms", "CPU, ms", "times `nbgrader list` with nbgrader's own exchange")

ADDED = """
import time
from nbgrader.apps.nbgraderapp import NbGraderApp
began, spent = time.perf_counter(), time.process_time()
from nbexchange import plugin
[getattr(plugin, name) for name in plugin.__all__]
print(time.perf_counter() - began, time.process_time() - spent)
"""


@dataclass(frozen=True)
class Program:
    """What is run in `home`. One that `times_itself` prints its seconds: the whole, and those of a processor."""

    name: str
    command: Sequence[str]
    home: Path
    times_itself: bool = False
    seconds: list[tuple[float, float]] = field(default_factory=list)

    def run(self, environment: dict[str, str]) -> None:
        began = time.perf_counter()
        with subprocess.Popen(
            self.command,
            cwd=self.home,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            assert process.stdout
            printed = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, f"{self.name} failed"
        whole, spent = time.perf_counter() - began, usage.ru_utime + usage.ru_stime
        if self.times_itself:
            whole, spent = map(float, printed.split())
        self.seconds.append((whole, spent))

    @property
    def medians(self) -> list[float]:
        return [1000 * median(column) for column in zip(*self.seconds, strict=True)]


def run(folder: Path, sizes: Sizes) -> Iterator[Table]:
    with servers.service(folder / "service", {}) as service:
        tokens = TokenFile(service.log.parent / "data" / "tokens.json")
        user = {"name": "ada", "courses": [{"course_id": COURSE, "course_role": "Student"}]}
        environment = _environment(folder, service.url, tokens.create(user))
        programs = _programs(folder)
        for _ in range(sizes.starts):  # in turns, since what else the machine does comes and goes
            for program in programs.values():
                program.run(environment)
    whole, _ = programs["own"].medians
    rows = [
        [program.name, *map(decimal, [*program.medians, program.medians[0] / whole])]
        for program in programs.values()
    ]
    note = (
        f"Medians of {sizes.starts} processes each, in turns, on a service beside them. The imports are those of "
        "`nbexchange.plugin` and its eight classes, after nbgrader's own, in a process of nbgrader's."
    )
    yield Table("Starting", note, HEAD, rows)


def _environment(folder: Path, url: str, token: str) -> dict[str, str]:
    return {
        **servers.clean_environment(),
        "PATH": os.pathsep.join([str(PROGRAMS), os.environ["PATH"]]),
        "HOME": str(folder),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "NBEXCHANGE_URL": url,
        "NBEXCHANGE_API_TOKEN": token,
    }


def _programs(folder: Path) -> dict[str, Program]:
    own, ours = folder / "own", folder / "ours"
    _configure(own, f"c.Exchange.root = {str(folder / 'exchange')!r}\n")
    _configure(ours, FACTORY_LINES)
    (folder / "exchange").mkdir(mode=0o777)
    listing = [str(PROGRAMS / "nbgrader"), "list"]
    jupyter = [str(PROGRAMS / "jupyter"), "nbexchange", "whoami"]
    python = [sys.executable, "-c"]
    return {
        "python": Program("Python alone", [*python, "pass"], ours),
        "whoami": Program(
            "`jupyter-nbexchange whoami`", [str(PROGRAMS / "jupyter-nbexchange"), "whoami"], ours
        ),
        "jupyter": Program(
            "`jupyter nbexchange whoami`, which Jupyter's own command leads to", jupyter, ours
        ),
        "own": Program("`nbgrader list` with nbgrader's own exchange", listing, own),
        "ours": Program("`nbgrader list` with this one", listing, ours),
        "added": Program("imports that this one adds to it", [*python, ADDED], ours, times_itself=True),
    }


def _configure(home: Path, lines: str) -> None:
    home.mkdir()
    config = f'c = get_config()\n{lines}c.CourseDirectory.course_id = "{COURSE}"\n'
    (home / "nbgrader_config.py").write_text(config)
