"""What a hub started, and may have left behind."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from nbexchange.demo import servers

MARK = "HUB_OF_THE_TESTS"
"""A variable of every process that belongs to a hub, with the hub's folder in it."""


def end_all(folder: str) -> None:
    """End what a hub left behind, which only a hub does that was killed or failed to start."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        for pid in processes_of(folder):
            try:
                os.kill(pid, sign)
            except ProcessLookupError:
                continue
        deadline = time.monotonic() + servers.STOP_TIMEOUT
        while processes_of(folder) and time.monotonic() < deadline:
            time.sleep(0.05)


def processes_of(folder: str) -> list[int]:
    """The processes that have the mark of the hub in that folder."""
    variable = f"{MARK}={folder}".encode()
    pids = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if variable in environment.read_bytes().split(b"\0"):
                pids.append(int(environment.parent.name))
        except OSError:
            continue
    return pids
