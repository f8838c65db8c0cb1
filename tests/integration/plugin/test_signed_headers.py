"""What of a grant's headers reaches the store: all that the service signed, and nothing that is not for the store."""

from __future__ import annotations

import hashlib
import io

import pytest
from support.faults.impostor import impostor

from nbexchange.plugin.failures import StorageFailed
from nbexchange.plugin.transfer.storage import Storage

BODY = b"work"
SIGNED = {
    "content-type": "application/gzip",
    "if-none-match": "*",
    "x-amz-checksum-sha256": "abc=",
    "x-amz-server-side-encryption": "aws:kms",
    "x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:eu-west-1:1:key/2",
    "x-ms-blob-type": "BlockBlob",
    "x-goog-if-generation-match": "0",
    "x-empty": "",
    "x-with-spaces": "a b\tc",
    "content-encoding": "identity",
}
FORBIDDEN = {
    "Authorization": "Bearer secret",
    "Cookie": "session=secret",
    "Host": "elsewhere.example.org",
    "Connection": "x-ms-blob-type",
    "Keep-Alive": "timeout=5",
    "TE": "trailers",
    "Trailer": "x-ms-blob-type",
    "Transfer-Encoding": "chunked",
    "Upgrade": "h2c",
    "Proxy-Authorization": "Basic secret",
    "Proxy-Connection": "keep-alive",
}


def put(headers):
    """What the store was sent as headers, in lower case."""
    with impostor((200, "text/plain", b"")) as (url, seen):
        Storage(url).put(f"{url}/key", headers, io.BytesIO(BODY), len(BODY), "ps1")
    ((method, _, sent, body),) = seen
    assert (method, body) == ("PUT", BODY)
    return {name.lower(): value for name, value in sent.items()}


def get(headers):
    with impostor((200, "text/plain", BODY)) as (url, seen):
        digest = hashlib.sha256(BODY).hexdigest()
        Storage(url).get(f"{url}/key", headers, io.BytesIO(), len(BODY), digest, "ps1")
    ((method, _, sent, body),) = seen
    assert (method, body) == ("GET", b"")
    return {name.lower(): value for name, value in sent.items()}


both_ways = pytest.mark.parametrize("transfer", [put, get])
any_case = pytest.mark.parametrize("spell", [str.lower, str.upper, str.title, str.swapcase])


@both_ways
@any_case
def test_every_header_that_the_service_signed_is_sent(transfer, spell):
    sent = transfer({spell(name): value for name, value in SIGNED.items()})
    assert {name: sent.get(name) for name in SIGNED} == SIGNED


@both_ways
@any_case
@pytest.mark.parametrize("name", FORBIDDEN)
def test_a_forbidden_header_is_not_sent_however_it_is_spelt(transfer, spell, name):
    sent = transfer({spell(name): FORBIDDEN[name], **SIGNED})
    assert sent.get(name.lower()) != FORBIDDEN[name]
    assert "secret" not in str(sent)
    assert sent["x-ms-blob-type"] == "BlockBlob"


@both_ways
@pytest.mark.parametrize(
    "value", ["a\r\nAuthorization: x", "a\n", "\ra", "a\0", "ü", "日本", " a", "a ", "\x7f"]
)
def test_a_value_that_cannot_be_sent_is_one_clear_failure_and_nothing_is_dialled(transfer, value):
    with pytest.raises(StorageFailed, match=r"has a header that cannot be sent\. Nothing was changed"):
        transfer({"x-ms-blob-type": value})


@both_ways
@pytest.mark.parametrize(
    "name", ["", " authorization", "authorization ", "a b", "a:b", "a\r\nb", "ü", "日本", "\0"]
)
def test_a_name_that_cannot_be_sent_is_one_clear_failure(transfer, name):
    with pytest.raises(StorageFailed, match="has a header that cannot be sent"):
        transfer({name: "x"})


def test_a_forbidden_header_does_no_harm_whatever_its_value_is():
    assert put({"Cookie": "a\r\nb", **SIGNED})["x-ms-blob-type"] == "BlockBlob"


@pytest.mark.parametrize("length", ["3", "5", "04", "", "four"])
def test_a_grant_for_another_length_is_told_before_a_byte_is_sent(length):
    with (
        impostor((200, "text/plain", b"")) as (url, seen),
        pytest.raises(StorageFailed, match="is for another number of bytes"),
    ):
        Storage(url).put(f"{url}/key", {"Content-Length": length}, io.BytesIO(BODY), len(BODY), "ps1")
    assert seen == []


def test_the_length_that_is_sent_is_that_of_the_body():
    assert put({"Content-Length": "4"})["content-length"] == "4"
    assert put({})["content-length"] == "4"


def test_a_length_in_the_grant_of_a_download_is_not_sent():
    """A server would wait for as many bytes."""
    assert "content-length" not in get({"Content-Length": "4"})
