"""The programs that Python does not bring: a hub's proxy, which is npm's, and a browser."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

NODE_FOLDER = Path(__file__).parents[3] / "build" / "node"
PROXY = "configurable-http-proxy"
NPM_INSTALL = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(NODE_FOLDER)]
PATIENCE = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=30000"]
"""Without network, npm's defaults wait for minutes."""


class ProgramMissing(Exception):
    """Something that has to be on this machine is not; the text says what, and how to get it."""


def needed(find: Callable[[], Path]) -> Path:
    """The program, or the test is skipped with a loud reason; in CI nobody would read that, so there it fails."""
    try:
        return find()
    except ProgramMissing as missing:
        text = f"NOT TRIED IN A REAL JUPYTERHUB: {missing}"
        if os.environ.get("CI"):
            pytest.fail(text)
        pytest.skip(text)


def hub_proxy() -> Path:
    """The proxy of a JupyterHub: one on the PATH, else npm's, installed once into `build/node`."""
    if program := shutil.which(PROXY):
        return Path(program)
    ours = NODE_FOLDER / "node_modules" / ".bin" / PROXY
    if not ours.exists():
        _install(ours)
    if not shutil.which("node"):
        raise ProgramMissing("node is not on the PATH; install Node.js 20")
    return ours


def _install(program: Path) -> None:
    if not shutil.which("npm"):
        raise ProgramMissing(f"npm is not on the PATH; install Node.js 20 with npm, or {PROXY} itself")
    command = [*NPM_INSTALL, *PATIENCE, f"{PROXY}@5"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode or not program.exists():
        raise ProgramMissing(f"npm could not install {PROXY}: {done.stderr.strip()[-500:]}")


def chromium() -> Path:
    """The browser of this machine; Playwright's own would be another download."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if not program:
        raise ProgramMissing("chromium is not on the PATH; install your system's package of it")
    return Path(program)
