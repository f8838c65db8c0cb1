"""A request that has little time left: what it would wait for much longer is given up then.

Each of these would wait for a minute, or without end, if only its own limit counted.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from threading import BoundedSemaphore
from time import monotonic
from types import SimpleNamespace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from support.servers.in_process import runtime_in
from support.servers.issuers import provider

from nbexchange.api.auth.keys import ASYMMETRIC, KeysUnavailable, ProviderKeys
from nbexchange.api.db.engine import connect
from nbexchange.api.uploads.complete import ask_store
from nbexchange.shared.deadlines import deadline, seconds_left
from nbexchange.storage import StoreUnavailable
from nbexchange.storage.s3 import S3Store

MINUTE = 60.0


def little_time():
    return deadline(monotonic() + 0.3)


def test_a_statement_of_postgresql_is_given_up_at_the_deadline(empty_postgresql):
    database = connect(empty_postgresql, timeout=MINUTE)
    with little_time(), database.read() as session, pytest.raises(OperationalError, match="does not answer"):
        session.execute(text("SELECT pg_sleep(60)"))
    database.engine.dispose()


def test_a_lock_of_sqlite_is_waited_for_until_the_deadline_and_the_next_request_has_its_own(tmp_path):
    database, other = (connect(f"sqlite:///{tmp_path}/one.sqlite", timeout=MINUTE) for _ in range(2))
    with closing(other.engine.raw_connection()) as lock:
        lock.cursor().execute("BEGIN IMMEDIATE")
        with little_time(), pytest.raises(OperationalError, match="locked"), database.write():
            pass
        lock.cursor().execute("ROLLBACK")
    with database.write() as session:
        assert session.scalars(text("PRAGMA busy_timeout")).one() == 1000 * MINUTE
    database.engine.dispose()
    other.engine.dispose()


def test_a_store_is_not_asked_when_its_answer_may_come_after_the_deadline(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    store = S3Store("bucket", endpoint_url="http://127.0.0.1:1", timeout=MINUTE)
    for ask in (lambda: store.stat("key"), store.ready, lambda: store.delete("key")):
        with little_time(), pytest.raises(StoreUnavailable, match="was not asked"):
            ask()
    assert store.sign_get("key", filename="a", lifetime=timedelta(minutes=1)).url


def test_a_batch_is_not_asked_for_after_the_deadline_though_it_has_threads_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    store = S3Store("bucket", endpoint_url="http://127.0.0.1:1", timeout=MINUTE)
    runtime = replace(
        runtime_in(tmp_path, connect(f"sqlite:///{tmp_path}/one.sqlite")), open_store=lambda: store
    )
    batch = [SimpleNamespace(pk=number, object_key=str(number)) for number in range(3)]
    with little_time(), pytest.raises(StoreUnavailable, match="was not asked"):
        ask_store(runtime, batch)


def test_a_turn_at_the_store_is_waited_for_until_the_deadline(tmp_path, monkeypatch):
    monkeypatch.setattr("nbexchange.api.runtime.TURN_PATIENCE", MINUTE)
    database = connect(f"sqlite:///{tmp_path}/one.sqlite")
    runtime = runtime_in(tmp_path, database, store_turns=BoundedSemaphore(1))
    with little_time(), runtime.asking_store(), pytest.raises(StoreUnavailable), runtime.asking_store():
        pass


def test_a_provider_of_keys_is_waited_for_until_the_deadline(monkeypatch):
    monkeypatch.setattr("nbexchange.api.auth.timeouts.LONGEST", MINUTE)
    with provider() as issuer:
        issuer.answering.clear()
        with little_time(), pytest.raises(KeysUnavailable):
            ProviderKeys(issuer.url, ASYMMETRIC).find("one")
        issuer.answering.set()


def test_without_a_deadline_there_is_no_end():
    assert seconds_left() == float("inf")
