"""A store that is away or refuses us: it raises, and says nothing about objects."""

from __future__ import annotations

import shutil
import traceback
from dataclasses import replace

import pytest
from support.stores.object_clients import (
    ACCESS_KEY,
    S3,
    SECRET_KEY,
    on,
)

from nbexchange.demo.servers import free_port
from nbexchange.storage import ObjectStore, StoreUnavailable
from nbexchange.storage.local import LocalStore
from nbexchange.storage.s3 import S3Store

QUESTIONS = {
    "stat": lambda store: store.stat("v1/key"),
    "delete": lambda store: store.delete("v1/key"),
    "list": lambda store: list(store.list()),
    "ready": lambda store: store.ready(),
}


def assert_nothing_answered(store: ObjectStore) -> None:
    for ask in QUESTIONS.values():
        with pytest.raises(StoreUnavailable):
            ask(store)


@pytest.mark.parametrize("gone", ["", "objects", "incoming"], ids=["all", "objects", "incoming"])
def test_a_directory_that_is_gone_is_no_empty_store(tmp_path, gone):
    store = LocalStore(tmp_path / "store")
    shutil.rmtree(store.root / gone)
    assert_nothing_answered(store)


@on(*S3)
def test_a_bucket_that_is_not_there_is_no_empty_store(client):
    assert_nothing_answered(replace(client.store, bucket="absent"))


@on("seaweedfs")  # moto does not verify requests that are signed by a header
def test_a_store_that_refuses_the_credentials_says_nothing_about_objects(client, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    assert_nothing_answered(replace(client.store))


def test_where_nobody_listens_the_error_tells_no_secret(monkeypatch, credentials):
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    store = S3Store("bucket", endpoint_url=f"http://127.0.0.1:{free_port()}")
    for ask in (*QUESTIONS.values(), S3Store.create, S3Store.capabilities):
        with pytest.raises(StoreUnavailable) as failure:
            ask(store)
        text = "".join(traceback.format_exception(failure.value))
        assert not [word for word in (ACCESS_KEY, SECRET_KEY, "X-Amz-", "http:") if word in text]
