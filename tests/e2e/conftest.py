"""Built once for a run, however many processes share it: the wheel that would be published."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built through the source distribution as for a release."""
    own = tmp_path_factory.getbasetemp()
    # Each process of pytest-xdist has a folder of its own, in one that they share.
    shared = own.parent if own.name.startswith("popen-") else own
    with FileLock(shared / "dist.lock"):
        if not (shared / "dist").exists():
            _build(shared / "dist.unfinished")
            (shared / "dist.unfinished").rename(shared / "dist")
    (wheel,) = (shared / "dist").glob("*.whl")
    return wheel


def _build(target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    command = [sys.executable, "-m", "build", "--outdir", str(target), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=600)


@pytest.fixture
def fresh_venv(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """A virtual environment with nothing in it, not even pip; gives a function that installs into it.

    Of what is installed little is run, so no more than that is compiled.
    """
    folder = tmp_path / "venv"
    venv.create(folder)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python")]

    def install(*requirements: str) -> Path:
        command = [*pip, "install", "--quiet", "--no-compile", *requirements]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
        assert done.returncode == 0, done.stderr
        return folder / "bin"

    yield install
    shutil.rmtree(folder)
