"""The object store, as the plugin talks to it: with a session of its own that knows no credentials."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO
from urllib.parse import SplitResult, urlsplit

import requests
from urllib3.exceptions import HTTPError, LocationValueError
from urllib3.util import Retry

from nbexchange.plugin.failures import StorageFailed, StoredOtherwise
from nbexchange.plugin.messages import say
from nbexchange.plugin.service.calls import broke_off, timed_out, trouble_on_the_way
from nbexchange.plugin.sessions import Session
from nbexchange.plugin.sizes import humanize
from nbexchange.plugin.transfer.headers import headers_to_send
from nbexchange.shared.redaction import RedactingFilter, host_of

log = logging.getLogger(__name__)

# At the level of debugging it quotes the URLs that it dials, and with them the signatures.
logging.getLogger("urllib3.connectionpool").addFilter(RedactingFilter())

PASSING = {"host-unknown", "store-down", "store-lost"}
"""The failures that a restart of the store makes."""
ENCODINGS = {"gzip", "x-gzip", "deflate", "br", "zstd", "compress"}
"""That a proxy may apply to what passes through it."""

CHUNK = 1 << 18
LARGE = 5_000_000
"""Bytes from which on a transfer is shown."""
CONNECT_TIMEOUT = 10
READ_TIMEOUT = 60
"""Seconds without a single byte, not for the whole transfer."""

# A request that reached no server may be repeated here; later failures are for the caller, who rewinds the file.
RETRIES = Retry(
    total=3,
    connect=3,
    read=0,
    status=0,
    other=0,
    redirect=0,
    backoff_factor=0.3,
    respect_retry_after_header=False,  # else a 503 is no answer, but a failure to get one
)


class Storage:
    """Transfers to and from signed URLs. Raises `StorageFailed`, and nothing else.

    `service_url` is what relative URLs are relative to; `origins`, if any, are the only ones that are dialled.
    """

    def __init__(self, service_url: str, origins: Sequence[str] = ()) -> None:
        self.service_url = service_url
        self.origins = [origin_of(urlsplit(origin)) for origin in origins]
        self.session = Session(RETRIES)

    def reach(self, url: str) -> str:
        """Dial the URL and return it. Any answer shows that a store is there, except those of gateways."""
        target = self._resolve(url)
        response = self._request("HEAD", target, headers={})
        if not (response.status_code < 300 or 400 <= response.status_code < 500):
            raise refused(response, "request")
        return target

    def put(self, url: str, headers: Mapping[str, str], body: BinaryIO, size: int, name: str) -> None:
        """Send `body` from its start. A status of 412 means that it is there already, which the service checks."""
        target = self._resolve(url)
        to_send = headers_to_send(headers, host_of(target), size)
        body.seek(0)
        with progress(name, size) as count:
            response = self._request("PUT", target, headers=to_send, data=_Body(body, size, count))
        if response.status_code not in {200, 201, 204, 412}:
            raise refused(response, "upload")

    def get(
        self, url: str, headers: Mapping[str, str], target: BinaryIO, size: int, sha256: str, name: str
    ) -> None:
        """Fetch exactly the announced bytes into `target`, or raise.

        The bytes are those that are stored: what the store says of their encoding is their sender's word.
        """
        source = self._resolve(url)
        to_send = headers_to_send({"accept-encoding": "identity", **headers}, host_of(source))
        response = self._request("GET", source, headers=to_send, stream=True)
        with response:
            if response.status_code != 200:
                raise not_given_out(response)
            received, digest = self._copy(response, target, size, name)
            if received < size and not tells_its_end(response):
                raise broken_off("download", received, size)
            if digest != sha256:
                raise differs(response, name)

    def _copy(self, response: requests.Response, target: BinaryIO, size: int, name: str) -> tuple[int, str]:
        """How many bytes came, which is at most one chunk more than `size`, and their digest."""
        digest, received = hashlib.sha256(), 0
        try:
            with progress(name, size) as count:
                for chunk in response.raw.stream(CHUNK, decode_content=False):
                    received += len(chunk)
                    digest.update(chunk)
                    if received > size:
                        break
                    target.write(chunk)
                    count(len(chunk))
        except HTTPError:
            raise broken_off("download", received, size) from None
        return received, digest.hexdigest()

    def _request(
        self, method: str, url: str, headers: Mapping[str, str], **options: Any
    ) -> requests.Response:
        try:
            return self.session.request(
                method,
                url,
                headers=headers,
                allow_redirects=False,
                timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
                **options,
            )
        except (requests.RequestException, LocationValueError) as error:
            log.debug("%s failed: %s", method, type(error).__name__)
            was_reached = not isinstance(error, requests.ConnectTimeout)
            lost = was_reached and (broke_off(error) or timed_out(error))
            code = "store-lost" if lost else _code_of(error)
            raise StorageFailed(say(code, host=host_of(url)), passes_soon=code in PASSING) from None

    def _resolve(self, url: str) -> str:
        """The URL to dial; raises when it is not one that a file store of this service can have."""
        service, store = urlsplit(self.service_url), urlsplit(url)
        if not store.scheme and not store.netloc:
            return self.service_url.rstrip("/") + "/" + url.lstrip("/")
        weaker = store.scheme != "https" and not (store.scheme == "http" and service.scheme == "http")
        if weaker or "@" in store.netloc:
            raise StorageFailed(say("store-untrusted"))
        if self.origins and origin_of(store) not in self.origins:
            raise StorageFailed(say("store-unlisted", host=store.hostname))
        return url


class _Body:
    """A body whose length requests can tell, so that it is never sent in chunks."""

    def __init__(self, source: BinaryIO, size: int, count: Callable[[int], object]) -> None:
        self.source = source
        self.size = size
        self.count = count

    def __len__(self) -> int:
        return self.size

    def read(self, size: int = -1) -> bytes:
        """More than was asked for: urllib3 sends what it gets, and asks for 16 KiB at a time."""
        data = self.source.read(max(size, CHUNK))
        self.count(len(data))
        return data


@contextmanager
def progress(name: str, size: int) -> Iterator[Callable[[int], object]]:
    """Gives what to call with each number of bytes: a progress bar, for large transfers and on a terminal only."""
    if size < LARGE:
        yield lambda count: None
        return
    from tqdm import tqdm  # a tenth of what the plugin adds to nbgrader's start

    with tqdm(total=size, desc=name, unit="B", unit_scale=True, leave=False, disable=None) as bar:
        yield bar.update


def _code_of(error: Exception) -> str:
    """The message for a store that was not reached."""
    if isinstance(error, requests.exceptions.SSLError):
        return "store-certificate"
    return trouble_on_the_way(error) or "store-down"


def origin_of(url: SplitResult) -> tuple[str, str | None, int | None]:
    return url.scheme, url.hostname, url.port or {"http": 80, "https": 443}.get(url.scheme)


def refused(response: requests.Response, what: str) -> StorageFailed:
    code = "store-elsewhere" if 300 <= response.status_code < 400 else "store-refused"
    return storage_failed(code, response, what=what)


def not_given_out(response: requests.Response) -> StorageFailed:
    """The failure of a download: the object is gone, or cannot be read as it is stored."""
    failure = refused(response, "download")
    return storage_failed("store-keeps", response) if failure.lies_in_object else failure


def storage_failed(code: str, response: requests.Response, **values: object) -> StorageFailed:
    text = say(code, host=host_of(response.url), status=response.status_code, **values)
    return StorageFailed(text, response.status_code, response.headers.get("x-amz-request-id"))


def tells_its_end(response: requests.Response) -> bool:
    """Whether an answer that broke off would have been noticed as such."""
    return "content-length" in response.headers or "transfer-encoding" in response.headers


def differs(response: requests.Response, name: str) -> StorageFailed:
    """The failure of a download of other bytes: they may have been encoded on the way, although nobody asked for it."""
    encoding = response.headers.get("content-encoding", "identity").lower()
    if encoding in ENCODINGS:
        return StorageFailed(say("download-encoded", name=name, encoding=encoding))
    return StoredOtherwise(say("download-differs", name=name))


def broken_off(what: str, received: int, size: int) -> StorageFailed:
    return StorageFailed(say("transfer-broken", what=what, received=humanize(received), size=humanize(size)))
