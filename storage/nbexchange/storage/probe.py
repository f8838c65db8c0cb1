"""What an S3 server really enforces, found out by trying what somebody would who has got hold of signed URLs.

Each trial has keys of its own, which are removed again. What counts is what a request did, not how it was answered.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from uuid import uuid4

import urllib3

from nbexchange.storage.attacks import (
    OTHERS,
    PERMISSIONS,
    TRACES,
    UNSIGNED,
    Attack,
    bare,
    forged,
    in_pieces,
    with_headers,
    without_header,
)
from nbexchange.storage.capabilities import Capabilities, SignedRequest
from nbexchange.storage.contract import URL_LIFETIME, ObjectStore, StoreUnavailable

BODY = b"nbexchange probes what this store enforces"
ALTERED = BODY.swapcase()
LONGER = BODY + b"."

BRIEF = timedelta(seconds=1)
MARGIN = 0.3
"""Seconds after the end of a URL before it is tried."""
PATIENCE = 60
"""Seconds that the store's clock may be behind ours while it is tried whether a URL ends."""


@dataclass(frozen=True)
class Probe:
    """The URLs of `store` have to be S3's, for a host that this process can dial."""

    store: ObjectStore
    copy_source: Callable[[str], str]
    """What the header `x-amz-copy-source` says of a key."""

    def capabilities(self) -> Capabilities:
        with self._brief_urls() as expires:
            return Capabilities(
                reports_digests=self._reports_digests(),
                refuses_unsigned_requests=not any(self._gets_through(attack) for attack in UNSIGNED),
                refuses_forged_signatures=not self._gets_through(forged) and not self._streams_forged(),
                refuses_other_keys=not self._reaches_other_keys(),
                refuses_other_methods=not self._allows_other_methods(),
                refuses_unsigned_copies=not (self._copies(BODY) or self._copies(LONGER)),
                refuses_unsigned_permissions=not any(self._heeds(headers) for headers in PERMISSIONS),
                refuses_unsigned_headers=not any(self._heeds(headers) for headers in OTHERS),
                refuses_other_lengths=not self._stores(LONGER),
                refuses_other_digests=not self._takes_other_bytes(),
                refuses_other_md5=not self._stores(ALTERED, sha256=ALTERED, md5=BODY),
                refuses_overwrites=not self._overwrites(),
                refuses_expired_urls=expires(),  # the last, since a URL takes its time to expire
            )

    # --- trials --------------------------------------------------------------------------------------------

    def _reports_digests(self) -> bool:
        with self._key() as key:
            status = _send(self._upload(key), BODY).status
            stored = self.store.stat(key)
            if stored is None:
                raise StoreUnavailable(f"the object store does not keep what is sent to it (status {status})")
            return stored.sha256 is not None

    def _gets_through(self, attack: Attack) -> bool:
        """Whether the request that an attack makes of an upload or a download is carried out."""
        with self._key() as key, self._object() as present:
            return self._arrives(attack(self._upload(key)), key) or _reads(attack(self._download(present)))

    def _streams_forged(self) -> bool:
        with self._key() as key:
            request, framed = in_pieces(forged(self._upload(key)), BODY)
            return self._arrives(request, key, framed)

    def _reaches_other_keys(self) -> bool:
        with self._key() as key, self._key() as other, self._object() as present:
            upload, download = self._upload(key), self._download(key)
            elsewhere = replace(upload, url=upload.url.replace(key, other))
            return self._arrives(elsewhere, other) or _reads(
                replace(download, url=download.url.replace(key, present))
            )

    def _allows_other_methods(self) -> bool:
        with self._key() as key, self._object() as present:
            upload, download = self._upload(present), self._download(present)
            answer = _send(replace(upload, method="GET"), BODY)  # with the length that is signed
            _send(replace(upload, method="DELETE"), BODY)
            _send(replace(download, method="DELETE"))
            if BODY in answer.data or self.store.stat(present) is None:
                return True
            length = {"content-length": str(len(BODY))}
            return self._arrives(with_headers(replace(self._download(key), method="PUT"), length), key)

    def _copies(self, announced: bytes) -> bool:
        """Whether an upload with the digest of these bytes becomes a copy of another object."""
        with self._key() as key, self._object(LONGER) as present:
            upload = self._upload(key, sha256=announced)
            copying = with_headers(upload, {"x-amz-copy-source": self.copy_source(present)})
            _send(copying, BODY)
            return _send(self._download(key)).data == LONGER

    def _heeds(self, headers: Mapping[str, str]) -> bool:
        """Whether headers that were not signed have an effect on what is stored, or on who can read it."""
        with self._key() as key:
            is_taken = _send(with_headers(self._upload(key), headers), BODY).status < 300
            answer = _send(self._download(key))
            if answer.status != 200:
                return is_taken
            traces = {TRACES.get(name, name) for name in headers}
            return answer.data != BODY or bool(traces & _names(answer)) or _reads(bare(self._download(key)))

    def _stores(self, body: bytes, *, sha256: bytes = BODY, md5: bytes | None = None) -> bool:
        """Whether an upload is taken that was signed for another length or digest than `body` has."""
        with self._key() as key:
            upload = with_headers(
                self._upload(key, sha256=sha256, md5=md5), {"content-length": str(len(body))}
            )
            return self._arrives(upload, key, body)

    def _takes_other_bytes(self) -> bool:
        with self._key() as key:
            unchecked = without_header(self._upload(key), "x-amz-checksum-sha256")
            return self._stores(ALTERED) or self._arrives(unchecked, key, ALTERED)

    def _overwrites(self) -> bool:
        with self._object() as present:
            upload = self._upload(present, sha256=ALTERED)
            for request in (upload, without_header(upload, "if-none-match")):
                _send(request, ALTERED)
                if not _reads(self._download(present)):
                    return True
            return False

    @contextmanager
    def _brief_urls(self) -> Iterator[Callable[[], bool]]:
        """Sign URLs that end soon; gives a function that waits for that and says whether they are refused then."""
        with self._key() as key, self._object() as present:
            begun = time.time()
            upload, download = self._upload(key, lifetime=BRIEF), self._download(present, lifetime=BRIEF)

            def expires() -> bool:
                _wait_until(begun + BRIEF.total_seconds() + MARGIN, _send(self._download(key)))
                return not (self._arrives(upload, key) or _reads(download))

            yield expires

    # --- their parts ---------------------------------------------------------------------------------------

    @contextmanager
    def _key(self) -> Iterator[str]:
        key = f"probe/{uuid4()}"
        try:
            yield key
        finally:
            self.store.delete(key)

    @contextmanager
    def _object(self, body: bytes = BODY) -> Iterator[str]:
        """The key of an object that is there."""
        with self._key() as key:
            _send(self._upload(key, size=len(body), sha256=body), body)
            yield key

    def _upload(
        self,
        key: str,
        *,
        size: int = len(BODY),
        sha256: bytes = BODY,
        md5: bytes | None = None,
        lifetime: timedelta = URL_LIFETIME,
    ) -> SignedRequest:
        """Signed for the digests of these bytes."""
        return self.store.sign_put(
            key,
            size=size,
            sha256=hashlib.sha256(sha256).hexdigest(),
            md5=None if md5 is None else hashlib.md5(md5, usedforsecurity=False).hexdigest(),
            lifetime=lifetime,
        )

    def _download(self, key: str, *, lifetime: timedelta = URL_LIFETIME) -> SignedRequest:
        return self.store.sign_get(key, filename="probe", lifetime=lifetime)

    def _arrives(self, request: SignedRequest, key: str, body: bytes = BODY) -> bool:
        return _send(request, body).status < 300 or self.store.stat(key) is not None


def _reads(request: SignedRequest) -> bool:
    return BODY in _send(request).data


def _names(answer: urllib3.BaseHTTPResponse) -> set[str]:
    return {name.lower() for name in answer.headers}


def _wait_until(instant: float, answer: urllib3.BaseHTTPResponse) -> None:
    """Wait until it is that late, by the clock of the store, which it has just told in an answer, in whole seconds."""
    now = time.time()
    told = answer.headers.get("Date")
    behind = max(0.0, now - parsedate_to_datetime(told).timestamp()) if told else 0.0
    if behind > PATIENCE:
        raise StoreUnavailable(
            f"the clock of the object store is {behind:.0f} seconds behind that of this machine"
        )
    time.sleep(max(0.0, instant + behind - now))


def _send(request: SignedRequest, body: bytes = b"") -> urllib3.BaseHTTPResponse:
    try:
        with (
            urllib3.PoolManager() as connection
        ):  # of its own: a server may leave a body that it refuses unread
            return connection.request(
                request.method,
                request.url,
                body=body or None,
                headers=dict(request.headers),
                redirect=False,
                retries=False,
                timeout=20,
            )
    except urllib3.exceptions.HTTPError as error:
        raise StoreUnavailable(f"the object store cannot be used: {type(error).__name__}") from None
