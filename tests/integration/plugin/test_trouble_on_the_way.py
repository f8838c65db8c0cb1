"""What is wrong between here and the other side is not told as a matter of the other side."""

from __future__ import annotations

import io
import socket

import pytest
from support.faults.impostor import impostor
from support.people.classroom import attempt

from nbexchange.demo.servers import free_port
from nbexchange.plugin import ExchangeList
from nbexchange.plugin.failures import StorageFailed
from nbexchange.plugin.transfer.storage import Storage


@pytest.fixture
def unknown_hosts(monkeypatch):
    """No name is asked for: the tests stay on loopback."""

    def refuse(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def absent_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


def failure_of_store(url):
    with pytest.raises(StorageFailed) as failure:
        Storage(url).get(f"{url}/k", {}, io.BytesIO(), 1, "", "ps1")
    return failure.value


def test_a_service_whose_name_is_unknown(everything, unknown_hosts):
    everything.url = "http://hub.example.org"
    assert attempt(everything, ExchangeList).startswith("There is no hub.example.org, as far as this machine")


def test_a_store_whose_name_is_unknown(unknown_hosts):
    failure = failure_of_store("http://store.example.org")
    assert str(failure).startswith("There is no store.example.org, as far as this machine can find out.")
    assert failure.passes_soon  # as names do where everything is started again


def test_a_proxy_that_is_not_there(everything, absent_proxy):
    assert attempt(everything, ExchangeList).startswith("The proxy on the way to 127.0.0.1:")
    failure = failure_of_store("http://127.0.0.1:1")
    assert str(failure).startswith("The proxy on the way to 127.0.0.1:1 cannot be used.")
    assert not failure.passes_soon


def test_a_store_without_https():
    with impostor((200, "text/plain", b"x")) as (url, _):
        failure = failure_of_store(url.replace("http:", "https:"))
    assert str(failure).startswith("No secure connection to the file store at 127.0.0.1:")
    assert not failure.passes_soon


def test_a_list_asks_once_where_the_service_says_when_to_come_again(everything):
    """A database that hangs costs it seconds each time, before it says so."""
    body = b'{"type": "database-unavailable", "title": "", "status": 503, "detail": "The database is away.", '
    body += b'"retry_after": 4}'
    with impostor((503, "application/problem+json", body), {"Retry-After": "4"}) as (url, seen):
        everything.url = url
        assert attempt(everything, ExchangeList).startswith("The database is away.")
        assert len(seen) == 1
