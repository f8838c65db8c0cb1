"""What a test run or a demo started ends with it, however it ends."""

from __future__ import annotations

import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from nbexchange.demo import servers

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
"""Ctrl-C, what a scheduler sends first, and what nothing can catch."""

RUN = """
import os
import signal
import sys
import threading
from pathlib import Path

import pytest
from nbexchange.demo import servers

# Where a shell runs the tests in the background, Ctrl-C is ignored from the start.
signal.signal(signal.SIGINT, signal.default_int_handler)

HERE = Path(__file__).parent

LAUNCHER = '''
import subprocess, sys
other = [sys.executable, "-c", "import time; print('here', flush=True); time.sleep(600)"]
subprocess.run(other, start_new_session=True)
'''


@pytest.fixture
def launcher():
    log = HERE / "launcher.log"
    command = [sys.executable, "-c", LAUNCHER]
    with servers.process(command, os.environ, log, lambda: "here" in log.read_text()):
        yield


@pytest.fixture
def postgresql():
    with servers.postgresql(HERE / "postgresql"):
        yield (HERE / "postgresql" / "postmaster.pid").read_text().split()[0]


def test_that_waits(launcher, postgresql):
    with servers.s3_server(HERE / "s3"), servers.service(HERE / "service", {}):
        (HERE / "postmaster").write_text(postgresql)
        (HERE / "begun").touch()
        threading.Event().wait()
"""
"""A test with servers of each kind around it: one has started another, in a session of its own."""


@pytest.fixture
def runs():
    """A run of pytest for each signal, side by side, in a folder that the user of PostgreSQL may enter."""
    with tempfile.TemporaryDirectory(prefix="nbexchange-runs-") as root, ExitStack() as stack:
        folders = {sign: Path(root) / sign.name for sign in SIGNALS}

        def all_wait() -> bool:
            return all((folder / "begun").exists() for folder in folders.values())

        # They use no plugins, and ours take seconds to be imported.
        environment = {**servers.clean_environment(), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        started = {}
        for sign, folder in folders.items():
            folder.mkdir()
            (folder / "test_run.py").write_text(RUN)
            options = ["-p", "no:cacheprovider", f"--rootdir={folder}", str(folder / "test_run.py")]
            command = [sys.executable, "-m", "pytest", *options]
            when = all_wait if sign == SIGNALS[-1] else lambda: True
            run = servers.process(command, environment, folder / "log", when)
            started[sign] = folder, stack.enter_context(run)
        yield started


def family(folder: Path, pid: int) -> set[psutil.Process]:
    """All that a run has started, with PostgreSQL, which is a daemon."""
    postmaster = psutil.Process(int((folder / "postmaster").read_text()))
    return {
        postmaster,
        *postmaster.children(recursive=True),
        *psutil.Process(pid).children(recursive=True),
    }


def test_nothing_of_a_run_is_left_whatever_ended_it(runs):
    families = {sign: family(folder, run.pid) for sign, (folder, run) in runs.items()}
    commands = [" ".join(process.cmdline()) for process in families[signal.SIGKILL]]
    for part in ("weed", "postgres", "nbexchange.api serve", "time.sleep"):
        assert any(part in command for command in commands), commands
    for sign, (_, run) in runs.items():
        run.send_signal(sign)
    for sign, processes in families.items():
        _, left = psutil.wait_procs(processes, timeout=60)
        assert not left, (sign, left)
