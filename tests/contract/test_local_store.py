"""The local store's directory: its key, its drafts, and who wins a race."""

from __future__ import annotations

import os
import shutil
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from io import BytesIO

import pytest
from support.faults.at_once import at_once
from support.stores.object_clients import (
    BODY,
    StoreClient,
    on,
    parameter,
    send,
    sha256_of,
)

from nbexchange.storage import StoreUnavailable
from nbexchange.storage.local import DRAFT_LIFETIME, LocalStore, RequestRefused


@pytest.fixture
def local(tmp_path):
    return LocalStore(tmp_path / "store")


def arrive(store: LocalStore, key: str, body: bytes, stream: BytesIO | None = None) -> None:
    """Have the store take a signed upload, without HTTP."""
    source = BytesIO(body)
    request = StoreClient(store, {}, "http://service/").sign_put(key, body)
    query = {name: parameter(request, name) for name in ("size", "sha256", "expires", "signature")}
    with closing(store.begin(key, query, request.headers)) as draft:
        while piece := (stream or source).read(4):
            draft.write(piece)
        draft.finish()


def test_stores_made_at_once_in_one_directory_share_a_signing_key(tmp_path):
    (key,) = set(at_once(*[lambda: LocalStore(tmp_path / "store").signing_key] * 8))
    assert len(key) == 32
    assert list((tmp_path / "store" / "incoming").iterdir()) == []


def test_the_signing_key_is_for_its_owner_only(local):
    assert stat.S_IMODE((local.root / "signing-key").stat().st_mode) == 0o600


@on("local")
def test_what_one_instance_signed_another_carries_out(client, key):
    reopened = replace(client, store=LocalStore(client.store.root))
    reopened.put(key, BODY)
    assert send(reopened.sign_get(key)).body == BODY


@pytest.mark.parametrize(
    "key", ["", ".", "..", "../x", "a/../x", "/x", "x/", "a//b", "a/./b", "a\\b", "a\nb", "é"]
)
def test_a_key_that_the_service_does_not_make_is_refused_even_when_signed(local, key):
    with pytest.raises(RequestRefused) as refusal:
        arrive(local, key, BODY)
    assert 400 <= refusal.value.status < 500
    assert list(local.list()) == []


class SlowBody(BytesIO):
    """Bytes that come only when all the senders are under way."""

    def __init__(self, body: bytes, everybody: threading.Barrier) -> None:
        super().__init__(body)
        self.everybody = everybody

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() == 0:
            self.everybody.wait()
        return super().read(size)


def test_of_racing_uploads_to_one_key_exactly_one_wins(local):
    everybody = threading.Barrier(8, timeout=20)

    def race(number: int) -> int:
        body = bytes([number]) * 10
        try:
            arrive(local, "v1/key", body, SlowBody(body, everybody))
        except RequestRefused as refusal:
            return refusal.status
        return 200

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(race, range(8)))
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 409, 412}  # ended by a newer one, or too late
    winner = bytes([statuses.index(200)]) * 10
    assert local.stat("v1/key").sha256 == sha256_of(winner)
    assert list(local.incoming.iterdir()) == []


def test_where_nothing_can_be_written_an_object_stays(local):
    arrive(local, "v1/key", BODY)
    shutil.rmtree(local.incoming)
    for change in (lambda: local.delete("v1/key"), lambda: arrive(local, "v1/other", BODY)):
        with pytest.raises(StoreUnavailable):
            change()
    assert local.stat("v1/key")


def test_what_a_killed_process_left_is_removed_after_a_day(local):
    for name, age in (("stale", DRAFT_LIFETIME + 60), ("under-way", 60)):
        (local.incoming / name).mkdir()
        (local.incoming / name / "data").write_bytes(BODY)
        os.utime(local.incoming / name, times=2 * (time.time() - age,))
    local.create()
    assert [draft.name for draft in local.incoming.iterdir()] == ["under-way"]
