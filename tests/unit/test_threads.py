"""Whose work waits for a thread, and for whose."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress

import pytest

from nbexchange.api.http.threads import SHARE, Threads
from nbexchange.api.http.wsgi import token_of
from nbexchange.api.problems import ServiceBusy

NUMBER = 2 * SHARE


@pytest.fixture
def gate():
    """What work waits for that takes long."""
    gate = threading.Event()
    yield gate
    gate.set()


def test_nobody_waits_behind_all_that_another_caller_asks(gate):
    async def scene():
        threads = Threads(NUMBER, "test", patience=5)
        hers = [asyncio.create_task(threads.run(gate.wait, caller="ada")) for _ in range(3 * NUMBER)]
        await asyncio.sleep(0)
        assert await threads.run(threading.get_ident, caller="ben")
        gate.set()
        assert all(await asyncio.gather(*hers))

    asyncio.run(scene())


@pytest.mark.parametrize("stays", [True, False], ids=["who stays", "who leaves"])
def test_a_callers_share_is_taken_until_the_work_of_one_is_done(gate, stays):
    async def scene():
        threads = Threads(NUMBER, "test", patience=0.1)
        hers = [asyncio.create_task(threads.run(gate.wait, caller="ada")) for _ in range(2)]
        await asyncio.sleep(0)
        if not stays:
            for task in hers:
                task.cancel()
        with pytest.raises(ServiceBusy):
            await threads.run(threading.get_ident, caller="ada")
        gate.set()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*hers)
        assert await threads.run(threading.get_ident, caller="ada")

    asyncio.run(scene())


@pytest.mark.parametrize("header", ["token abc", "Bearer abc", "BEARER  abc", "token\tx abc"])
def test_a_caller_is_the_same_however_the_token_is_presented(header):
    assert token_of({"HTTP_AUTHORIZATION": header}) == "abc"


def test_callers_without_a_token_in_a_header_are_not_one():
    assert token_of({}) is None
