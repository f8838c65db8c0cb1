"""What a test run or a demo started ends with it, however it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from support.hub import until

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
"""Ctrl-C, what a scheduler sends first, and what nothing can catch."""

RUN = """
import sys
import threading
from pathlib import Path

import pytest
from nbexchange.demo import servers


def test_that_waits(tmp_path, postgresql):
    log = tmp_path / "log"
    with (
        servers.s3_server(tmp_path / "s3"),
        servers.service(tmp_path / "service", {}),
        servers.process(
            [sys.executable, "-c", GRANDCHILD], servers.clean_environment(), log, lambda: log.read_text()
        ),
    ):
        Path("postmaster").write_text((postgresql / "postmaster.pid").read_text().split()[0])
        Path("begun").touch()
        threading.Event().wait()


GRANDCHILD = '''
import subprocess, sys, time
child = [sys.executable, "-c", "import time; print('here', flush=True); time.sleep(600)"]
subprocess.run(child, start_new_session=True)
'''


@pytest.fixture
def postgresql():
    folder = Path("postgresql").absolute()
    with servers.postgresql(folder):
        yield folder
"""


@dataclass(frozen=True)
class Run:
    """A run of pytest whose one test waits, with servers around it."""

    folder: Path
    pytest: subprocess.Popen[bytes]

    def family(self) -> set[psutil.Process]:
        """All that it started, with PostgreSQL, which is a daemon."""
        postmaster = psutil.Process(int((self.folder / "postmaster").read_text()))
        return {
            postmaster,
            *postmaster.children(recursive=True),
            *psutil.Process(self.pytest.pid).children(recursive=True),
        }

    def has_begun(self) -> bool:
        assert self.pytest.poll() is None, (self.folder / "log").read_text()
        return (self.folder / "begun").exists()


def start(folder: Path, stack: ExitStack) -> Run:
    folder.mkdir()
    (folder / "test_run.py").write_text(RUN)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir=.", "test_run.py"]
    with (folder / "log").open("wb") as log:
        run = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, start_new_session=True)
    stack.callback(run.wait)
    stack.callback(run.kill)
    return Run(folder, run)


@pytest.fixture
def runs():
    """One for each signal, side by side, in a folder that the user of PostgreSQL may enter."""
    with tempfile.TemporaryDirectory(prefix="nbexchange-runs-") as place, ExitStack() as stack:
        folder = Path(place)
        made = {sign: start(folder / sign.name, stack) for sign in SIGNALS}
        for run in made.values():
            until(run.has_begun, "the servers to start")
        yield made


def test_nothing_of_a_run_is_left_whatever_ended_it(runs):
    families = {sign: run.family() for sign, run in runs.items()}
    names = {" ".join(process.cmdline()) for process in families[signal.SIGKILL]}
    for part in ("weed", "postgres", "nbexchange.api serve", "time.sleep"):
        assert any(part in name for name in names), names
    for sign, run in runs.items():
        run.pytest.send_signal(sign)
    for sign, family in families.items():
        _, left = psutil.wait_procs(family, timeout=60)
        assert not left, (sign, left)
