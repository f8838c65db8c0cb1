"""The wheel that would be published, and environments in which it is installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.suite.once import built_once

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built through the source distribution as for a release."""
    (wheel,) = built_once(tmp_path_factory, "dist", _build).glob("*.whl")
    return wheel


def _build(target: Path) -> None:
    command = [sys.executable, "-m", "build", "--outdir", str(target), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=600)


@pytest.fixture
def fresh_venv(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """A virtual environment with nothing in it, not even pip; gives a function that installs into it."""
    folder = tmp_path / "venv"
    venv.create(folder)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python")]

    def install(*arguments: str) -> Path:
        command = [*pip, "install", "--quiet", "--no-compile", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
        assert done.returncode == 0, done.stderr
        return folder / "bin"

    yield install
    shutil.rmtree(folder)
