"""How an S3 store is asked: over connections that are kept, twice if need be, through the proxy of the environment."""

from __future__ import annotations

import pytest
from support.faults.at_once import at_once
from support.servers.certificates import write_certificate
from support.stores.scripted_s3 import HANG, HANG_UP, SIZE, scripted_s3

from nbexchange.demo.servers import free_port
from nbexchange.storage import StoredObject, StoreUnavailable
from nbexchange.storage.s3 import S3Store

pytestmark = pytest.mark.usefixtures("credentials")

SHORT = 0.1
STORED = StoredObject(SIZE)


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


def store(url: str, **options: object) -> S3Store:
    return S3Store("bucket", endpoint_url=url, **options)


def test_one_connection_carries_what_is_asked_one_after_the_other():
    with scripted_s3() as server:
        s3 = store(server.url)
        assert [s3.stat("key") for _ in range(5)] == 5 * [STORED]
    assert server.requests == 5 * ["HEAD /bucket/key"]
    assert server.connections == 1


def test_threads_have_a_connection_each():
    with scripted_s3() as server:
        s3 = store(server.url)
        assert at_once(*[lambda: s3.stat("key")] * 8) == 8 * [STORED]
    assert server.connections <= 8


@pytest.mark.parametrize("failure", [429, 500, 502, 503, 504, HANG_UP, HANG])
def test_what_may_pass_is_asked_once_more(failure):
    with scripted_s3(failure) as server:
        assert store(server.url, timeout=1.0 if failure != HANG else SHORT).stat("key") == STORED
    assert server.requests == 2 * ["HEAD /bucket/key"]


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (500, r"^the object store answered 500$"),
        (HANG_UP, r"^the object store at 127\.0\.0\.1:\d+ broke the connection off$"),
        (HANG, r"^the object store at 127\.0\.0\.1:\d+ did not answer in time$"),
    ],
)
def test_what_does_not_pass_is_said_after_two_tries(failure, sentence):
    with scripted_s3(failure, failure) as server:
        with pytest.raises(StoreUnavailable, match=sentence):
            store(server.url, timeout=1.0 if failure != HANG else SHORT).stat("key")
        assert len(server.requests) == 2


@pytest.mark.parametrize("status", [301, 307, 400, 403, 409])
def test_a_refusal_is_neither_followed_nor_asked_again(status):
    with scripted_s3(status) as server:
        with pytest.raises(StoreUnavailable, match=rf"^the object store answered {status}$"):
            store(server.url).stat("key")
        assert len(server.requests) == 1


def test_a_proxy_that_reads_requests_is_told_the_host(monkeypatch):
    with scripted_s3() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        assert store("http://s3.example.org:9000").stat("key") == STORED
    assert proxy.requests == ["HEAD http://s3.example.org:9000/bucket/key"]


def test_a_proxy_that_only_passes_bytes_on_is_told_no_more_than_the_host(monkeypatch):
    with scripted_s3(403, 403) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        with pytest.raises(
            StoreUnavailable, match=r"^the proxy on the way to the object store cannot be used$"
        ):
            store("https://s3.example.org").stat("key")
    assert proxy.requests == 2 * ["CONNECT s3.example.org:443"]


def test_a_host_without_proxy_is_asked_itself(monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with scripted_s3() as server:
        assert store(server.url).stat("key") == STORED


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_an_authority_of_the_environment_is_trusted_and_no_other(tmp_path, monkeypatch, variable):
    certificate = write_certificate(tmp_path / "certificate.pem")
    with scripted_s3(certificate=certificate) as server:
        url = server.url.replace("http:", "https:")
        with pytest.raises(StoreUnavailable, match="no certificate that is accepted here"):
            store(url).stat("key")
        monkeypatch.setenv(variable, certificate)
        assert store(url).stat("key") == STORED
        with pytest.raises(StoreUnavailable, match="no certificate that is accepted here"):
            store(url.replace("127.0.0.1", "localhost")).stat("key")
