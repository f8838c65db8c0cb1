"""Built once: the wheel that would be published."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built through the source distribution as for a release."""
    target = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--outdir", str(target), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=600)
    (found,) = target.glob("*.whl")
    return found


@pytest.fixture
def fresh_venv(tmp_path):
    """A virtual environment with nothing in it; gives a function that installs into it."""
    folder = tmp_path / "venv"
    venv.create(folder, with_pip=True)

    def install(*requirements: str) -> Path:
        command = [str(folder / "bin" / "pip"), "install", "--quiet", *requirements]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
        assert done.returncode == 0, done.stderr
        return folder / "bin"

    yield install
    shutil.rmtree(folder)
