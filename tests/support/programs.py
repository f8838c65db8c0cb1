"""The programs that Python does not bring: a hub's proxy, which is npm's, and a browser."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

NODE_MODULES = Path(__file__).parents[2] / "build" / "node"
PROXY = "configurable-http-proxy"
INSTALL = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(NODE_MODULES)]


def hub_proxy() -> Path:
    """The proxy of a JupyterHub: one on the PATH, else npm's, installed once into `build/node`."""
    if found := shutil.which(PROXY):
        return Path(found)
    ours = NODE_MODULES / "node_modules" / ".bin" / PROXY
    if not ours.exists():
        _install(ours)
    return ours


def _install(wanted: Path) -> None:
    if not shutil.which("npm"):
        do_without("npm", f"install Node.js 20 or later with npm, or {PROXY} itself")
    done = subprocess.run([*INSTALL, f"{PROXY}@5"], capture_output=True, text=True, timeout=300, check=False)
    if done.returncode or not wanted.exists():
        do_without(PROXY, f"npm could not install it: {done.stderr.strip()[-500:]}")


def chromium() -> Path:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        do_without("chromium", "install your system's package of it")
    return Path(found)


def do_without(program: str, remedy: str) -> NoReturn:
    """Skip, and say loudly why; in CI that would hide what was never tried, so there it is a failure."""
    text = f"NO JUPYTERHUB WAS TRIED WITH A BROWSER: {program} is missing here: {remedy}"
    if os.environ.get("CI"):
        pytest.fail(text)
    pytest.skip(text)
