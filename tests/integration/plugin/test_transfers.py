"""The store's side: which store is trusted, what it is sent, and what becomes of a transfer that fails."""

from __future__ import annotations

import gzip
import io
import logging

import pytest
import requests
from nbgrader.exchange.abc.exchange import ExchangeError
from support.faults.impostor import impostor, taking_one
from support.stores.object_clients import sha256_of

from nbexchange.demo.servers import free_port
from nbexchange.plugin import (
    ExchangeFetchAssignment,
    ExchangeFetchFeedback,
    ExchangeReleaseFeedback,
    ExchangeSubmit,
)
from nbexchange.plugin.failures import StorageFailed, StoredOtherwise
from nbexchange.plugin.transfer.storage import Storage
from nbexchange.storage import SignedRequest

SERVICE = "https://hub.example.org/services/nbexchange/"


def resolve(url, service=SERVICE, origins=()):
    return Storage(service, origins)._resolve(url)


def test_a_relative_url_is_below_the_service():
    assert resolve("objects/v1/x?signature=1") == f"{SERVICE}objects/v1/x?signature=1"


@pytest.mark.parametrize(
    "url",
    [
        "http://s3.example.org/x",
        "ftp://s3.example.org/x",
        "file:///etc/passwd",
        "https://user:pw@s3.example.org/x",
        "//evil.example.org/x",
        "javascript:alert(1)",
    ],
)
def test_a_store_that_is_weaker_than_the_service_is_not_trusted(url):
    with pytest.raises(StorageFailed, match="does not trust"):
        resolve(url)


def test_configured_origins_are_the_only_ones():
    origins = ["https://s3.example.org", "https://other.example.org:9000"]
    assert resolve("https://s3.example.org:443/x", origins=origins)
    assert resolve("https://other.example.org:9000/x", origins=origins)
    for url in ("https://evil.example.org/x", "https://s3.example.org:444/x"):
        with pytest.raises(StorageFailed, match="storage_origins"):
            resolve(url, origins=origins)


def test_the_store_gets_no_credentials(tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with impostor((200, "text/plain", b"")) as (url, seen):
        Storage(url).put(f"{url}/bucket/key", {"If-None-Match": "*"}, io.BytesIO(b"work"), 4, "ps1")
    ((method, _, sent, body),) = seen
    assert (method, body) == ("PUT", b"work")
    assert {name.lower() for name in sent}.isdisjoint({"authorization", "cookie", "transfer-encoding"})


def test_a_store_at_an_address_that_cannot_be_is_away():
    with pytest.raises(StorageFailed, match=r"hub\.\.org cannot be reached"):
        Storage("http://hub.example.org").get("http://hub..org/k", {}, io.BytesIO(), 1, "", "ps1")


def test_a_store_that_takes_the_bytes_and_says_nothing_may_have_them():
    """Garbage collection completes a submission that has arrived: the message does not say that nothing was changed."""
    with (
        taking_one() as url,
        pytest.raises(StorageFailed, match="broke off before it had answered") as failure,
    ):
        Storage(url).put(f"{url}/k", {}, io.BytesIO(b"work"), 4, "ps1")
    assert "Nothing was changed" not in str(failure.value)
    assert failure.value.may_pass


@pytest.mark.parametrize("location", ["http://127.0.0.1:1/elsewhere", "http://["])
def test_a_redirecting_store_is_a_misconfiguration(location):
    headers = {"Location": location}
    with (
        impostor((307, "text/plain", b""), headers) as (url, seen),
        pytest.raises(StorageFailed, match="redirected"),
    ):
        Storage(url).put(f"{url}/bucket/key", {}, io.BytesIO(b"work"), 4, "ps1")
    assert len(seen) == 1


@pytest.mark.parametrize("size", [3, 5])
def test_a_download_of_another_length_than_announced_is_another_object(size):
    with (
        impostor((200, "text/plain", b"work")) as (url, _),
        pytest.raises(StoredOtherwise, match="is not what was handed in"),
    ):
        Storage(url).get(f"{url}/k", {}, io.BytesIO(), size, sha256_of(b"another"), "ps1")


@pytest.mark.parametrize("headers", ["Content-Length: 9\r\n", ""], ids=["told", "not told"])
def test_a_download_that_ends_too_early_is_told_as_broken_off(headers):
    answer = f"HTTP/1.1 200 OK\r\n{headers}\r\nhalf".encode()
    with taking_one(answer) as url, pytest.raises(StorageFailed, match="broke off after 4 bytes of 9 bytes"):
        Storage(url).get(f"{url}/k", {}, io.BytesIO(), 9, sha256_of(b"half of it"), "ps1")


def test_a_download_is_what_is_stored_however_its_sender_called_it():
    """Asked for as it is, and not decoded; where something on the way encoded it, that is what is told."""
    for sent, expected in ((b"work", b"work"), (gzip.compress(b"work"), None)):
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(sent)}\r\n\r\n"
        target = io.BytesIO()
        with taking_one(head.encode() + sent) as url:
            if expected:
                Storage(url).get(f"{url}/k", {}, target, 4, sha256_of(b"work"), "ps1")
                assert target.getvalue() == expected
                continue
            with pytest.raises(StorageFailed, match=r"was changed on the way \(Content-Encoding: gzip\)"):
                Storage(url).get(f"{url}/k", {}, target, 4, sha256_of(b"work"), "ps1")


def test_no_encoding_is_asked_for():
    with impostor((200, "text/plain", b"work")) as (url, seen):
        Storage(url).get(f"{url}/k", {}, io.BytesIO(), 4, sha256_of(b"work"), "ps1")
    ((_, _, sent, _),) = seen
    assert {name.lower(): value for name, value in sent.items()}["accept-encoding"] == "identity"


def test_a_signature_is_in_no_message(released, monkeypatch):
    """The texts of requests and urllib3 quote the whole URL: ours do not quote theirs."""
    port = free_port()
    signed = f"http://127.0.0.1:{port}/bucket/key?X-Amz-Signature=deadbeef&signature=deadbeef"
    with pytest.raises(requests.ConnectionError, match="deadbeef"):
        requests.get(signed, timeout=1)

    def sign(self, key, *, lifetime, **_):
        return SignedRequest("PUT", signed, {}, lifetime)

    monkeypatch.setattr("nbexchange.storage.local.LocalStore.sign_put", sign)
    monkeypatch.setattr("nbexchange.storage.local.LocalStore.sign_get", sign)
    released.ada.write("ps1/p1.ipynb")
    with pytest.raises(ExchangeError, match="cannot be reached") as sending:
        released.ada.run(ExchangeSubmit, "ps1")
    with pytest.raises(ExchangeError, match="cannot be reached") as fetching:
        released.ben.run(ExchangeFetchAssignment, "ps1")
    for text in (str(sending.value), str(fetching.value), released.ada.text, released.ben.text):
        assert "deadbeef" not in text


def test_no_log_of_any_library_keeps_a_signature_or_a_token(released, caplog):
    caplog.set_level(logging.WARNING, "werkzeug")  # the server of these tests, in no installation
    caplog.set_level(logging.DEBUG)
    released.ada.write("ps1/p1.ipynb")
    released.ada.run(ExchangeSubmit, "ps1")
    transfers = [entry for entry in caplog.messages if "PUT" in entry and "/objects/" in entry]
    assert transfers, "urllib3 tells what it dials"
    assert "signature" not in caplog.text  # in whatever way it may be quoted
    assert released.ada.token not in caplog.text


def test_an_expired_url_is_renewed_once(released, monkeypatch, people, calls):
    real, urls = Storage.put, []

    def expired_once(self, url, *rest):
        urls.append(url)
        if len(urls) == 1:
            raise StorageFailed("refused", 403)
        return real(self, url, *rest)

    monkeypatch.setattr(Storage, "put", expired_once)
    released.ada.write("ps1/p1.ipynb")
    released.ada.run(ExchangeSubmit, "ps1")
    assert len(urls) == calls.count("v1/uploads") == 2
    assert [record["attempt"] for record in people.teacher.submissions()] == [1]


def test_an_answer_that_was_lost_is_asked_for_again(released, monkeypatch, people):
    """The bytes were sent and the reply was lost: the store says 412, and the service knows."""
    real, calls = Storage.put, []

    def twice(self, *arguments):
        calls.append(1)
        real(self, *arguments)
        real(self, *arguments)

    monkeypatch.setattr(Storage, "put", twice)
    released.ada.write("ps1/p1.ipynb")
    released.ada.run(ExchangeSubmit, "ps1")
    assert [record["attempt"] for record in people.teacher.submissions()] == [1]


def test_one_feedback_that_does_not_arrive_does_not_stop_the_others(submitted, monkeypatch, people):
    for student in ("ada", "ben"):
        for name in ("p1", "p2"):
            submitted.teacher.write(f"feedback/{student}/ps1/{name}.html", f"{name} of {student}")
        submitted.teacher.write(f"feedback/{student}/ps1/timestamp.txt", "2026-01-02 03:04:05 UTC")
    real = Storage.put

    def fails_for_one(self, url, headers, body, *rest):
        body.seek(0)
        if body.read() == b"p1 of ada":
            raise StorageFailed("The file store is away.")
        return real(self, url, headers, body, *rest)

    monkeypatch.setattr(Storage, "put", fails_for_one)
    with pytest.raises(ExchangeError, match="Feedback was not released for: ada/p1"):
        submitted.teacher.run(ExchangeReleaseFeedback, "ps1")
    real_get = Storage.get

    def refuses_one(self, url, headers, target, size, sha256, name):
        if name == "p1":
            raise StorageFailed("The file store is away.")
        return real_get(self, url, headers, target, size, sha256, name)

    monkeypatch.setattr(Storage, "get", refuses_one)
    with pytest.raises(ExchangeError, match=r"Feedback was not fetched: [^\n]*/p1\.html\n"):
        submitted.ben.run(ExchangeFetchFeedback, "ps1")
    assert list(submitted.ben.files("ps1/feedback").values()) == [b"p2 of ben"]
    assert submitted.ben.leftovers() == []
