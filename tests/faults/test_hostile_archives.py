"""Hostile archives of every class, unpacked by a process whose memory and work are measured."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.archives import hostile
from support.suite.named_tests import TESTS

from nbexchange.plugin.archives.extraction import MAX_HEADERS, MEMBER_OVERHEAD
from nbexchange.protocol import MAX_MEMBERS

pytestmark = pytest.mark.xdist_group("hostile archives")  # one process unpacks them all

MAX_GROWTH = 64 << 20
MAX_INFLATED = hostile.DECLARED + MAX_HEADERS + MAX_MEMBERS * MEMBER_OVERHEAD
MAX_STEPS = 10_000
"""The largest of them has 64 MiB: read in pieces that are worth a step, it takes some thousands."""

HARMLESS = {"bomb of padding", "long comment"}
"""The padding behind the archive is not read, and the comment before it costs what it is long."""


@pytest.fixture(scope="module")
def scene():
    """All of them, tried by one process, in memory where the system has a place for that."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as root:
        folders = {name: Path(root, name) for name in ("archives", "destination", "victim")}
        for folder in folders.values():
            folder.mkdir()
        (folders["victim"] / "kept").write_text("kept")
        for name in hostile.NAMES:
            (folders["archives"] / name).write_bytes(hostile.make(name, folders["victim"]))
        module = [
            sys.executable,
            "-m",
            "support.archives.unpack_each",
            folders["archives"],
            folders["destination"],
        ]
        command = [*module, str(hostile.DECLARED)]
        done = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, check=False)
        told = [json.loads(line) for line in done.stdout.splitlines()]
        assert done.returncode == 0, (told[-1:], done.stderr)
        yield SimpleNamespace(root=Path(root), told={line["name"]: line for line in told}, **folders)


@pytest.mark.parametrize("name", hostile.NAMES)
def test_a_hostile_archive_is_refused_at_a_bounded_price(scene, name):
    told = scene.told[name]
    assert told["outcome"] == ("unpacked" if name in HARMLESS else "refused")
    assert told["growth"] < MAX_GROWTH
    assert told["inflated"] <= MAX_INFLATED
    assert told["steps"] <= MAX_STEPS


def test_nothing_is_written_outside(scene):
    assert {path.name for path in scene.root.iterdir()} == {"archives", "destination", "victim"}
    assert [path.name for path in scene.victim.iterdir()] == ["kept"]
    assert (scene.victim / "kept").read_text() == "kept"
    assert {path.name for path in scene.destination.iterdir()} <= set(hostile.NAMES)


@pytest.mark.parametrize("name", hostile.NAMES)
def test_what_was_written_before_the_refusal_is_plain_and_no_more_than_announced(scene, name):
    size = 0
    for folder, folders, files in os.walk(scene.destination / name):
        for entry in (*folders, *files):
            status = (Path(folder) / entry).lstat()
            assert stat.S_ISDIR(status.st_mode) or stat.S_ISREG(status.st_mode), entry
            size += status.st_size if stat.S_ISREG(status.st_mode) else 0
    assert size <= hostile.DECLARED
