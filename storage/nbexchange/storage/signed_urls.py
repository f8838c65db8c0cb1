"""Signed URLs of a store whose transfers pass through the service, as strict as those of S3."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from nbexchange.storage.capabilities import Capabilities, RequestRefused, SignedRequest
from nbexchange.storage.quoting import quoted


@dataclass(frozen=True, slots=True)
class DeclaredBody:
    """The size and SHA-256 that a signed upload has to have."""

    size: int
    sha256: str


class BodyCheck:
    """Compares the bytes of a signed upload, as they come, with what was declared."""

    def __init__(self, declared: DeclaredBody) -> None:
        self.declared = declared
        self.size = 0
        self.digest = hashlib.sha256()

    def update(self, piece: bytes) -> None:
        """Take the next bytes; raises `RequestRefused` for more of them than declared."""
        self.size += len(piece)
        if self.size > self.declared.size:
            raise RequestRefused(400, "body-too-long", "The body goes on after the declared length.")
        self.digest.update(piece)

    def finish(self) -> None:
        """Raise `RequestRefused` unless the bytes are those declared."""
        if self.size < self.declared.size:
            raise RequestRefused(400, "incomplete-body", "The body ended before the declared length.")
        if self.digest.hexdigest() != self.declared.sha256:
            raise RequestRefused(400, "digest-mismatch", "The bytes are not those that were declared.")


class SignedUrls:
    """Signs requests with a key of the store's own, and checks those that arrive."""

    public_url = "objects/"
    wants_md5 = False

    def __init__(self, signing_key: bytes) -> None:
        self.signing_key = signing_key

    def capabilities(self) -> Capabilities:
        """What is refused here, our own tests show."""
        return Capabilities.all()

    def sign_put(
        self, key: str, *, size: int, sha256: str, lifetime: timedelta, md5: str | None = None
    ) -> SignedRequest:
        """The MD5 is left alone: the SHA-256 is enforced."""
        url = self._sign("PUT", key, {"size": str(size), "sha256": sha256}, lifetime)
        return SignedRequest("PUT", url, _upload_headers(size, sha256), lifetime)

    def sign_get(self, key: str, *, filename: str, lifetime: timedelta) -> SignedRequest:
        url = self._sign("GET", key, {"filename": filename}, lifetime)
        return SignedRequest("GET", url, {}, lifetime)

    def check_put(self, key: str, query: Mapping[str, str], headers: Mapping[str, str]) -> DeclaredBody:
        """What the body of a signed PUT has to be; raises `RequestRefused`."""
        self._check("PUT", key, query)
        declared = DeclaredBody(int(query["size"]), query["sha256"])
        for name, value in _upload_headers(declared.size, declared.sha256).items():
            if headers.get(name) != value:
                raise RequestRefused(
                    403, "signature-mismatch", f"The header {name} is not the one that was signed."
                )
        return declared

    def check_get(self, key: str, query: Mapping[str, str]) -> str:
        """The name of the download that a signed GET asks for; raises `RequestRefused`."""
        self._check("GET", key, query)
        return query["filename"]

    def _sign(self, method: str, key: str, values: dict[str, str], lifetime: timedelta) -> str:
        """The URL. Its end is an instant of this machine's clock, which `_check` reads as well."""
        query = _in_order({**values, "expires": str(int(time.time() + lifetime.total_seconds()))})
        return f"{self.public_url}{quote(key)}?{query}&signature={self._signature(method, key, query)}"

    def _signature(self, method: str, key: str, query: str) -> str:
        return hmac.digest(self.signing_key, f"{method}\n{key}\n{query}".encode(), "sha256").hex()

    def _check(self, method: str, key: str, query: Mapping[str, str]) -> None:
        values = {name: value for name, value in query.items() if name != "signature"}
        expected = self._signature(method, key, _in_order(values))
        if not hmac.compare_digest(expected.encode(), query.get("signature", "").encode()):
            raise RequestRefused(403, "signature-mismatch", "The signature does not fit the request.")
        if time.time() >= int(values["expires"]):
            raise RequestRefused(403, "url-expired", "The URL has expired.")


def _in_order(values: Mapping[str, str]) -> str:
    return "&".join([f"{name}={quoted(values[name])}" for name in sorted(values)])


def _upload_headers(size: int, sha256: str) -> dict[str, str]:
    digest = base64.b64encode(bytes.fromhex(sha256)).decode()
    return {"content-length": str(size), "if-none-match": "*", "x-amz-checksum-sha256": digest}
