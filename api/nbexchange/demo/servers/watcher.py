"""Ends the servers of a process that has ended without stopping them: by SIGTERM, SIGKILL or a crash.

The watcher is a process of its own, in a session of its own, that reads from a pipe which servers there are. When the
process that writes there has ended, for whatever reason, the pipe closes, and the watcher ends the servers that are
left with all their descendants. This file is its program too, so it imports nothing of the project.
"""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, cast

import psutil

QUIT_TIMEOUT = 5
"""Seconds that a server has to end on its signal before it is killed."""

_lock = threading.Lock()
_pipes: dict[int, IO[str]] = {}
"""To the watcher of this process, by the id of this process: a forked one starts its own."""


# --- in the process that starts servers --------------------------------------------------------------------


@contextmanager
def watched(pid: int, end: signal.Signals = signal.SIGKILL) -> Iterator[None]:
    """Let the watcher end this process by that signal, and its descendants, if this one ends within the block."""
    _tell(f"+ {pid} {end.value}")
    try:
        yield
    finally:
        _tell(f"- {pid} {end.value}")


def _tell(line: str) -> None:
    with _lock:
        pid = os.getpid()
        if pid not in _pipes:
            _pipes[pid] = _start()
        _pipes[pid].write(f"{line}\n")
        _pipes[pid].flush()


def _start() -> IO[str]:
    """Start a watcher, which ends with this process."""
    watcher = subprocess.Popen(
        [sys.executable, "-I", __file__],
        stdin=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is not for the watcher
    )
    atexit.register(watcher.communicate)
    return cast(IO[str], watcher.stdin)


# --- in the watcher ----------------------------------------------------------------------------------------


def main() -> None:
    servers: dict[int, tuple[psutil.Process, int]] = {}
    for line in sys.stdin:
        sign, pid, end = line.split()
        if sign == "-":
            servers.pop(int(pid), None)
        elif psutil.pid_exists(int(pid)):
            servers[int(pid)] = psutil.Process(int(pid)), int(end)
    end_all(servers.values())


def end_all(servers: Iterable[tuple[psutil.Process, int]]) -> None:
    """End these, each by its signal, and what they started; who does not end in time is killed."""
    tree = [member for server, _ in servers for member in family(server)]
    for server, end in servers:
        send(server, end)
    _, alive = psutil.wait_procs([server for server, _ in servers], timeout=QUIT_TIMEOUT)
    for member in {*tree, *(member for server in alive for member in family(server))}:
        send(member, signal.SIGKILL)


def family(server: psutil.Process) -> list[psutil.Process]:
    try:
        return [server, *server.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def send(process: psutil.Process, sign: int) -> None:
    """Nothing happens where it has ended, also where another process has its id by now."""
    try:
        process.send_signal(sign)
    except psutil.NoSuchProcess:
        return


if __name__ == "__main__":
    main()
