"""Server processes: free ports, a clean environment, waiting for the start, and the end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.error import HTTPError, URLError

import psutil

from nbexchange.demo.servers.watcher import family, send, watched

START_TIMEOUT = 60
STOP_TIMEOUT = 20


class ServerFailed(Exception):
    """A server did not start; its text says where its log is."""


def free_port() -> int:
    (port,) = free_ports(1)
    return port


def free_ports(number: int) -> tuple[int, ...]:
    """Different ports on loopback where nobody listens.

    On Linux they stay bound, without listening, while this process runs: the system gives them to nobody who asks for
    any port, and a server that sets SO_REUSEADDR, as they do, may listen there. Elsewhere that server may not.
    """
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(number)]
        for probe in probes:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", 0))
        ports = tuple(probe.getsockname()[1] for probe in probes)
        if sys.platform == "linux":
            for probe in probes:
                probe.detach()
    return ports


def clean_environment() -> dict[str, str]:
    """This process's environment without what would reconfigure a server or a client."""
    ours = ("JUPYTERHUB_", "NBEXCHANGE_", "NBEX_", "NAAS_", "AWS_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    # nbgrader runs `alembic` from the PATH.
    here = str(Path(sys.executable).parent)
    environment["PATH"] = os.pathsep.join([here, environment.get("PATH", os.defpath)])
    return environment


def answers(url: str) -> bool:
    """Whether an HTTP server answers there, whatever it answers."""
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - a loopback address made here
            return True
    except HTTPError:
        return True
    except (URLError, OSError):
        return False


@contextmanager
def process(
    command: list[str],
    environment: Mapping[str, str],
    log: Path,
    ready: Callable[[], bool],
    *,
    end: signal.Signals = signal.SIGTERM,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends; enters once it is ready. `end` is the signal that ends it."""
    with log.open("ab") as output:
        server = subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    with watched(server.pid):
        try:
            _wait_until(ready, server, f"{Path(command[0]).name} {command[-1]} did not start: see {log}")
            yield server
        finally:
            stop(server, end)


def _wait_until(ready: Callable[[], bool], server: subprocess.Popen[bytes], failure: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while not ready():
        if server.poll() is not None or time.monotonic() > deadline:
            raise ServerFailed(failure)
        time.sleep(0.05)


def stop(server: subprocess.Popen[bytes], end: signal.Signals = signal.SIGTERM) -> None:
    """End a server that was started here, by this signal first, and then what it started and did not end itself."""
    if server.poll() is None:
        started = family(psutil.Process(server.pid))
        server.send_signal(end)
        try:
            server.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            server.kill()
        for member in started:
            send(member, signal.SIGKILL)
    server.wait()
