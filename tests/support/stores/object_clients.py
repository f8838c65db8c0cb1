"""What a client does with a signed request, and what somebody does who tampers with it."""

from __future__ import annotations

import base64
import hashlib
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.client import HTTPResponse
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit
from uuid import uuid4

import pytest

from nbexchange.demo.servers import Bucket
from nbexchange.storage import URL_LIFETIME, ObjectStore, SignedRequest
from nbexchange.storage.s3 import S3Store

TIMEOUT = 20
BODY = b"the work of a student"
OTHER = BODY.swapcase()

# moto verifies nothing about a signature, so nothing that is said about signed URLs may rest on it. It is here as the
# store that reports no digest, as some S3 servers in production do not.
STRICT = ("local", "flat", "seaweedfs")
ALL = (*STRICT, "moto")
S3 = ("seaweedfs", "moto")

ACCESS_KEY, SECRET_KEY = "known-to-clients", "told-to-nobody"

LOCAL_PARAMETERS = {"signature": "signature", "expires": "expires", "filename": "filename"}
S3_PARAMETERS = {
    "signature": "X-Amz-Signature",
    "expires": "X-Amz-Expires",
    "filename": "response-content-disposition",
}


def own_s3_store(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> S3Store:
    """A store of the test's own in a shared bucket, below a prefix that nobody else has."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", bucket.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", bucket.secret_key)
    store = S3Store(bucket.name, prefix=f"{uuid4()}/", region=bucket.region, endpoint_url=bucket.endpoint_url)
    store.create()
    return store


def on(*kinds: str) -> pytest.MarkDecorator:
    """Run on the stores of these kinds."""
    return pytest.mark.parametrize("client", kinds, indirect=True)


def sha256_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def base64_of(body: bytes) -> str:
    """The digest as the header x-amz-checksum-sha256 has it."""
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


def send(request: SignedRequest, body: bytes = b"") -> Answer:
    """Send this and nothing else: no header but Host is added."""
    with _connect(request) as wire:
        wire.sendall(_message(request, body))
        with HTTPResponse(wire, method=request.method) as response:
            response.begin()
            return Answer(response.status, response.headers, response.read())


def send_and_hang_up(request: SignedRequest, body: bytes) -> bytes:
    """Send this and no more, ever; gives what the server says to that, if anything, before it hangs up too."""
    with _connect(request) as wire:
        wire.sendall(_message(request, body))
        wire.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: wire.recv(65536), b""))


def _connect(request: SignedRequest) -> socket.socket:
    url = urlsplit(request.url)
    return socket.create_connection((url.hostname, url.port), timeout=TIMEOUT)


def _message(request: SignedRequest, body: bytes) -> bytes:
    url = urlsplit(request.url)
    target = f"{url.path}?{url.query}" if url.query else url.path
    headers = {"host": url.netloc, **request.headers}
    lines = [f"{request.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def chunked(*pieces: bytes) -> bytes:
    """A body whose length is not told beforehand."""
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (*pieces, b""))


def with_headers(request: SignedRequest, changes: Mapping[str, str | None]) -> SignedRequest:
    """With these headers altered or added, and without those that are None."""
    headers = {**request.headers, **changes}
    return replace(request, headers={name: value for name, value in headers.items() if value is not None})


def with_parameter(request: SignedRequest, name: str, value: str | None) -> SignedRequest:
    """With a parameter of the URL altered, or without it where the value is None."""
    before, _, query = request.url.partition("?")
    values: dict[str, str | None] = dict(parse_qsl(query, strict_parsing=True))
    if name not in values:
        raise KeyError(name)
    values[name] = value
    kept = {name: value for name, value in values.items() if value is not None}
    return replace(request, url=f"{before}?{urlencode(kept, quote_via=quote)}")


def parameter(request: SignedRequest, name: str) -> str:
    return dict(parse_qsl(urlsplit(request.url).query))[name]


@dataclass(frozen=True)
class StoreClient:
    """A store under test, and a client that reaches it over HTTP."""

    store: ObjectStore
    parameters: Mapping[str, str]
    """How the parameters of its URLs are called."""
    base_url: str
    """What its URLs are relative to, unless they are absolute."""
    environment: Mapping[str, str] = field(default_factory=dict)

    def sign_put(self, key: str, body: bytes, *, lifetime: timedelta = URL_LIFETIME) -> SignedRequest:
        digest = hashlib.sha256(body).hexdigest()
        return self._absolute(self.store.sign_put(key, size=len(body), sha256=digest, lifetime=lifetime))

    def sign_get(self, key: str, *, lifetime: timedelta = URL_LIFETIME) -> SignedRequest:
        return self._absolute(self.store.sign_get(key, filename="work.tar.gz", lifetime=lifetime))

    def _absolute(self, request: SignedRequest) -> SignedRequest:
        return replace(request, url=urljoin(self.base_url, request.url))

    def put(self, key: str, body: bytes) -> None:
        """Store these bytes as a client does."""
        answer = send(self.sign_put(key, body), body)
        assert answer.status == 200, answer

    # --- tampering -----------------------------------------------------------------------------------------

    def altered(self, request: SignedRequest, name: str, value: str | None) -> SignedRequest:
        """With another expiry, filename or signature, or without it."""
        return with_parameter(request, self.parameters[name], value)

    def forged(self, request: SignedRequest) -> SignedRequest:
        """With one digit of the signature changed."""
        signature = parameter(request, self.parameters["signature"])
        return self.altered(request, "signature", ("1" if signature[0] == "0" else "0") + signature[1:])


# --- refusals -----------------------------------------------------------------------------------------------


def assert_upload_refused(
    client: StoreClient,
    key: str,
    request: SignedRequest,
    body: bytes = BODY,
    *,
    statuses: tuple[int, ...] = (403,),
) -> None:
    answer = send(request, body)
    assert answer.status in statuses, answer
    assert client.store.stat(key) is None


def assert_download_refused(request: SignedRequest, *, statuses: tuple[int, ...] = (403,)) -> None:
    answer = send(request)
    assert answer.status in statuses, answer
    assert BODY not in answer.body
