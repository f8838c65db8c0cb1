"""Where the tests keep their temporary files: in memory, where there is enough of it.

A database of PostgreSQL is some 300 files, and hundreds are made: on a slow disk that takes minutes.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ENOUGH = 4 << 30
"""Bytes that have to be free there; the tests use a quarter."""


def pytest_configure() -> None:
    """Before the processes that run the tests start, which inherit it. A folder that the environment names is used."""
    if "TMPDIR" in os.environ or not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ENOUGH:
        return
    folder = MEMORY / f"nbexchange-tests-{os.getuid()}"
    folder.mkdir(mode=0o755, exist_ok=True)
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None  # what it chose before
