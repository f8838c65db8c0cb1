"""What is built once for a run, however many processes share it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


def built_once(tmp_path_factory: pytest.TempPathFactory, name: str, build: Callable[[Path], object]) -> Path:
    """A folder in which `build` has put something, in the first process that needs it."""
    own = tmp_path_factory.getbasetemp()
    # Each process of pytest-xdist has a folder of its own, in one that they share.
    shared = own.parent if own.name.startswith("popen-") else own
    with FileLock(shared / f"{name}.lock"):
        if not (shared / name).exists():
            unfinished = shared / f"{name}.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            build(unfinished)
            unfinished.rename(shared / name)
    return shared / name
