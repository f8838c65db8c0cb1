"""A store of another distribution keeps the objects of a running service, for its address alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.people.callers import Caller
from support.people.commands import run_nbexchange
from support.people.http_clients import HttpClient

from nbexchange.demo import servers

TESTS = Path(__file__).parents[1]


@pytest.fixture
def settings(tmp_path):
    """The store is installed, and the service told its address."""
    site = tmp_path / "site"
    metadata = site / "flat_store-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: flat-store\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[nbexchange.stores]\nflat = support.stores.flat:FLAT\n")
    return {
        "NBEXCHANGE_BASE_STORAGE_LOCATION": f"flat://{tmp_path}/flat",
        "PYTHONPATH": os.pathsep.join([str(site), str(TESTS)]),
    }


def test_a_release_travels_through_a_third_store(tmp_path, settings):
    init = run_nbexchange(tmp_path, "storage", "init", **settings)
    assert init.stdout.startswith(f"flat://{tmp_path}/flat is ready.\n")
    token = run_nbexchange(tmp_path, "token", "new", "teacher", "cs1:instructor", **settings).stdout.strip()
    with servers.service(tmp_path, settings) as service:
        teacher = Caller("teacher", HttpClient([service.url]), token)
        record = teacher.release(b"an assignment")
        assert teacher.download("release", record["id"]) == b"an assignment"
    (file,) = (tmp_path / "flat").iterdir()
    assert file.read_bytes() == b"an assignment"


def test_the_largest_archive_has_to_fit_what_the_store_takes(tmp_path, settings):
    too_large = str((8 << 30) + 1)
    stopped = run_nbexchange(tmp_path, "serve", NBEXCHANGE_MAX_BUFFER_SIZE=too_large, **settings)
    assert stopped.returncode == 1
    assert stopped.stderr == "nbexchange: max_buffer_size is above 8 GiB, more than one upload can carry\n"
