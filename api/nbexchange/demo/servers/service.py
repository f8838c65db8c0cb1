"""The exchange service as a process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nbexchange.demo.servers.processes import answers, clean_environment, free_port, process


@dataclass(frozen=True)
class Service:
    """A running exchange service."""

    url: str
    base_url: str
    server: subprocess.Popen[bytes]
    log: Path


@contextmanager
def service(
    folder: Path,
    settings: Mapping[str, str],
    *,
    port: int | None = None,
    arguments: tuple[str, ...] = (),
    python: str = sys.executable,
) -> Iterator[Service]:
    """The service as `nbexchange serve` runs it, on loopback, with its data in `folder`.

    `python` may be that of another environment, with another version of the service.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    environment = {
        **clean_environment(),
        **service_settings(folder),
        "NBEXCHANGE_PORT": str(port),
        **settings,
    }
    url = f"http://127.0.0.1:{port}"
    command = [python, "-m", "nbexchange.api", "serve", *arguments]
    log = folder / "service.log"
    with process(command, environment, log, lambda: answers(f"{url}/healthz")) as server:
        yield Service(url, f"{url}/services/nbexchange/", server, log)


def service_settings(folder: Path) -> dict[str, str]:
    """The embedded default, in `folder`, whatever configuration this machine has."""
    empty = folder / "nbexchange_config.py"
    if not empty.exists():
        empty.write_text("# The demo is configured by its environment.\n")
    return {"NBEXCHANGE_CONFIG_FILE": str(empty), "NBEXCHANGE_DATA_DIR": str(folder / "data")}
