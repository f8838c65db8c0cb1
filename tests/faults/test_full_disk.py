"""A disk that is really full, on either side: told in a sentence, and nothing is lost or left behind."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from nbgrader.exchange.abc.exchange import ExchangeError

from nbexchange.api.auth.tokens import TokenFile
from nbexchange.plugin import (
    ExchangeCollect,
    ExchangeFetchAssignment,
    ExchangeReleaseAssignment,
    ExchangeSubmit,
)
from nbexchange.plugin.archives.packing import Limits, pack, survey
from nbexchange.storage import URL_LIFETIME, StoreUnavailable
from nbexchange.storage.local import LocalStore

DISK = 1 << 20
LARGE, SMALL = os.urandom(2 * DISK), os.urandom(1000)


@pytest.fixture
def disk(tmp_path):
    """A file system of 1 MiB. To mount one takes rights that a container may not have."""
    mount_point = tmp_path / "disk"
    mount_point.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(mount_point)]
    mounted = subprocess.run(["mount", *options], capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a really full disk is NOT shown here, for want of the right to mount: {mounted.stderr}")
    yield mount_point
    subprocess.run(["umount", mount_point], check=True)


def fill(disk):
    with (disk / "filling").open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(bytes(4096))


def test_a_full_device_ends_packing(tmp_path):
    (tmp_path / "p1.ipynb").write_bytes(LARGE)
    with Path("/dev/full").open("wb", buffering=0) as device, pytest.raises(OSError, match="No space left"):
        pack(survey(tmp_path), device, Limits(1 << 30, 1 << 30))


def test_nothing_is_announced_where_there_is_no_room_to_pack(released, desks, disk, monkeypatch):
    desks.ada.write("ps1/p1.ipynb", LARGE)
    monkeypatch.setattr(tempfile, "tempdir", str(disk))
    with pytest.raises(ExchangeError, match=rf"The disk is full \({disk}\)\. Nothing was changed"):
        desks.ada.run(ExchangeSubmit, "ps1")
    assert list(disk.iterdir()) == []
    assert released.ada.get("uploads").json["items"] == []
    desks.ada.write("ps1/p1.ipynb", SMALL)
    desks.ada.run(ExchangeSubmit, "ps1")
    assert len(released.teacher.submissions()) == 1


def submit(desk, content):
    desk.write("ps1/p1.ipynb", content)
    desk.run(ExchangeSubmit, "ps1")


def test_one_submission_that_does_not_fit_stops_no_other(released, desks, disk):
    submit(desks.ada, LARGE)
    submit(desks.ben, SMALL)
    config = {"CourseDirectory": {"submitted_directory": str(disk / "submitted")}}
    with pytest.raises(ExchangeError, match="1 new, 0 updated, 0 unchanged, 1 failed: ada"):
        desks.teacher.run(ExchangeCollect, "ps1", config=config)
    assert "The disk is full" in desks.teacher.text
    assert (disk / "submitted" / "ben" / "ps1" / "p1.ipynb").read_bytes() == SMALL
    assert [path.name for path in disk.rglob("*") if path.is_file() and "ben" not in path.parts] == []


def test_what_was_collected_before_stays_when_its_update_does_not_fit(released, desks, disk):
    submit(desks.ada, SMALL)
    config = {"CourseDirectory": {"submitted_directory": str(disk / "submitted")}}
    desks.teacher.run(ExchangeCollect, "ps1", config=config)
    before = contents(disk)
    submit(desks.ada, LARGE)
    with pytest.raises(ExchangeError, match="1 failed: ada"):
        desks.teacher.run(ExchangeCollect, "ps1", config=config, update=True)
    assert contents(disk) == before


def contents(folder):
    return {path: path.is_file() and path.read_bytes() for path in folder.rglob("*")}


@pytest.mark.parametrize("full", ["of temporary files", "of the student"])
def test_an_assignment_that_does_not_fit_is_not_fetched_in_part(people, desks, disk, monkeypatch, full):
    release(desks.teacher, LARGE)
    if full == "of the student":
        desks.ada.home, where = disk, ""
    else:
        monkeypatch.setattr(tempfile, "tempdir", str(disk))
        where = rf" \({disk}\)"
    with pytest.raises(ExchangeError, match=rf"The disk is full{where}\."):
        desks.ada.run(ExchangeFetchAssignment, "ps1")
    assert list(desks.ada.home.iterdir()) == list(disk.iterdir()) == []


def release(teacher, content):
    teacher.write("release/ps1/p1.ipynb", content)
    teacher.run(ExchangeReleaseAssignment, "ps1")


def test_a_missing_copy_is_fetched_again_once_there_is_room(people, desks, disk):
    release(desks.teacher, SMALL)
    desks.ada.home = disk
    fill(disk)
    with pytest.raises(ExchangeError, match="The disk is full"):
        desks.ada.run(ExchangeFetchAssignment, "ps1")
    (disk / "filling").unlink()
    desks.ada.run(ExchangeFetchAssignment, "ps1")
    assert desks.ada.files("ps1") == {"p1.ipynb": SMALL}


def test_a_missing_file_that_does_not_fit_is_not_added_in_part(people, desks, disk):
    half = os.urandom(DISK * 6 // 10)  # fits once, and not twice
    release(desks.teacher, half)
    desks.ada.home = disk
    desks.ada.write("ps1/mine.txt", "mine")
    desks.ada.run(ExchangeFetchAssignment, "ps1", replace_missing_files=True)
    assert desks.ada.files("ps1") == {"mine.txt": b"mine", "p1.ipynb": half}
    assert desks.ada.leftovers() == []


def test_the_local_store_keeps_nothing_of_what_does_not_fit(disk):
    store = LocalStore(disk / "store")

    def send(key, body):
        digest = hashlib.sha256(body).hexdigest()
        signed = store.sign_put(key, size=len(body), sha256=digest, lifetime=URL_LIFETIME)
        query = {name: value for name, (value,) in parse_qs(urlsplit(signed.url).query).items()}
        with closing(store.begin(key, query, signed.headers)) as draft:
            draft.write(body)
            draft.finish()

    with pytest.raises(StoreUnavailable, match="No space left"):
        send("v1/large", LARGE)
    assert list(store.incoming.iterdir()) == []
    assert store.stat("v1/large") is None
    send("v1/small", SMALL)
    assert store.stat("v1/small").size == len(SMALL)


def test_tokens_and_the_key_of_the_local_store_are_kept_whole_or_not_at_all(disk):
    tokens = TokenFile(disk / "tokens.json")
    tokens.create({"name": "ada"})
    store = LocalStore(disk / "store")
    (store.root / "signing-key").unlink()
    fill(disk)
    with pytest.raises(OSError, match="No space left"):
        tokens.create({"name": "ben"})
    with pytest.raises(OSError, match="No space left"):
        LocalStore(store.root)
    assert {path.name for path in disk.iterdir()} == {"tokens.json", "tokens.lock", "store", "filling"}
    assert list(store.incoming.iterdir()) == []
    assert [user["name"] for user in tokens.users().values()] == ["ada"]
