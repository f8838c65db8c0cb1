"""Where the tests keep their temporary files: in memory, where there is enough of it.

A database of PostgreSQL is some 300 files, and hundreds are made: on a slow disk that takes minutes.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ENOUGH = 4 << 30
"""Bytes that have to be free there; the tests use a quarter."""


def pytest_configure() -> None:
    """Before the processes that run the tests start, which inherit it. A folder that the environment names is used."""
    if "TMPDIR" in os.environ or not has_room(MEMORY):
        return
    folder = MEMORY / f"nbexchange-tests-{os.getuid()}"
    folder.mkdir(mode=0o755, exist_ok=True)
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None  # what it chose before


def has_room(folder: Path) -> bool:
    """Whether there is room, also for programs: in containers this folder often has none for them."""
    if not folder.is_dir():
        return False
    system = os.statvfs(folder)
    return system.f_bavail * system.f_frsize > ENOUGH and not system.f_flag & os.ST_NOEXEC
