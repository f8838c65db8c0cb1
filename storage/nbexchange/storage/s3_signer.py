"""Signs requests for a bucket and its objects: in their URL for others to send, in a header for our own.

The signer is botocore's, with all that is cryptography. The preparation is ours, since botocore's takes longer than the
signature: it knows nothing of the request beforehand, while those that are made here have few shapes.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlsplit

from botocore.auth import EMPTY_SHA256_HASH, SIGV4_TIMESTAMP, UNSIGNED_PAYLOAD, S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import NoCredentialsError

from nbexchange.storage.capabilities import SignedRequest
from nbexchange.storage.quoting import quoted

CLOCK_SKEW = timedelta(minutes=1)
"""How far the store's clock may be ahead of ours, when credentials end."""
MAX_CLOCK_DIFFERENCE = timedelta(minutes=15)
"""How old a signature in a header may be, by the store's clock."""
ALGORITHM = "AWS4-HMAC-SHA256"
FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class BucketAddress:
    """Where a bucket is dialled. The paths are percent-encoded."""

    origin: str
    host: str
    """As the header says it: in lower case, without the port that the scheme implies."""
    bucket_path: str
    objects_path: str
    """What keys are added to."""

    @property
    def url(self) -> str:
        return self.origin + self.bucket_path

    def path_of(self, key: str) -> str:
        return self.objects_path + quote(key, safe="/~")


def find_address(client: Any, bucket: str) -> BucketAddress:
    """By the rules of AWS, which botocore knows. The client must be one that does not sign."""
    url = urlsplit(client.generate_presigned_url("head_bucket", Params={"Bucket": bucket}))
    of_object = urlsplit(client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}))
    headers = S3SigV4QueryAuth(None, "s3", "").headers_to_sign(AWSRequest("GET", url.geturl()))
    origin = f"{url.scheme}://{url.netloc}"
    return BucketAddress(origin, headers["host"], url.path, of_object.path.removesuffix("k"))


@dataclass(frozen=True)
class S3Signer:
    """Signs with what the credentials, of botocore, are at that moment; None stands for none."""

    credentials: Any = field(repr=False)
    region: str
    address: BucketAddress

    def presign(
        self,
        method: str,
        path: str,
        lifetime: timedelta,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> SignedRequest:
        """Signed in its URL: it needs nothing else, and lives no longer than the credentials.

        Names of headers and parameters are in lower case.
        """
        credentials, end = self.frozen_credentials()
        now = datetime.now(UTC)
        seconds = max(1, int(min(lifetime, end - now).total_seconds()))
        headers = headers or {}
        signer = _UrlAuth(credentials, "s3", self.region, expires=seconds)
        target = signer.sign(method, path, {**headers, "host": self.address.host}, query or {}, now)
        return SignedRequest(method, self.address.origin + target, headers, timedelta(seconds=seconds))

    def sign(self, method: str, path: str, headers: Mapping[str, str]) -> SignedRequest:
        """Signed in a header, to be sent now, without a query or a body: its URL is short, and no secret in a log."""
        credentials, _ = self.frozen_credentials()
        signer = _HeaderAuth(credentials, "s3", self.region)
        signed = signer.sign(method, path, {**headers, "host": self.address.host}, datetime.now(UTC))
        return SignedRequest(method, self.address.origin + path, signed, MAX_CLOCK_DIFFERENCE)

    def frozen_credentials(self) -> tuple[Any, datetime]:
        """Those that sign now, and until when what they sign is good."""
        if self.credentials is None:
            raise NoCredentialsError
        self.credentials.get_frozen_credentials()  # renews what ends soon
        end = getattr(self.credentials, "_expiry_time", None)  # botocore has no public name for it
        return self.credentials.get_frozen_credentials(), FOREVER if end is None else end - CLOCK_SKEW


class _KeptKeys:
    """For a signer of botocore's: the key of a day is derived once."""

    credentials: Any
    _region_name: str
    _service_name: str

    def signature(self, string_to_sign: str, request: SimpleNamespace) -> str:
        day = request.context["timestamp"][:8]
        key = _signing_key(self.credentials.secret_key, day, self._region_name, self._service_name)
        return hmac.digest(key, string_to_sign.encode(), "sha256").hex()


class _UrlAuth(_KeptKeys, S3SigV4QueryAuth):  # type: ignore[misc]  # botocore ships no types
    """Does what `add_auth` does, without an `AWSRequest`: that is taken apart and put together several times."""

    def sign(
        self, method: str, path: str, headers: Mapping[str, str], query: Mapping[str, str], now: datetime
    ) -> str:
        """Path and query. Parameters are sent in the order in which they are signed, so they are written once."""
        request = SimpleNamespace(context={"timestamp": now.strftime(SIGV4_TIMESTAMP)})
        lines, names = _header_lines(headers)
        sent = _query_string({**self._parameters(request, names), **query})
        canonical = "\n".join([method, path, sent, *lines, "", names, UNSIGNED_PAYLOAD])
        signature = self.signature(self.string_to_sign(request, canonical), request)
        return f"{path}?{sent}&X-Amz-Signature={signature}"

    def _parameters(self, request: SimpleNamespace, signed_headers: str) -> dict[str, str]:
        parameters = {
            "X-Amz-Algorithm": ALGORITHM,
            "X-Amz-Credential": self.scope(request),
            "X-Amz-Date": request.context["timestamp"],
            "X-Amz-Expires": str(self._expires),
            "X-Amz-SignedHeaders": signed_headers,
        }
        if self.credentials.token is not None:
            parameters["X-Amz-Security-Token"] = self.credentials.token
        return parameters


class _HeaderAuth(_KeptKeys, S3SigV4Auth):  # type: ignore[misc]  # botocore ships no types
    """The same for a signature in the header `authorization`, of a request without query and body."""

    def sign(self, method: str, path: str, headers: Mapping[str, str], now: datetime) -> dict[str, str]:
        """All headers of the request."""
        request = SimpleNamespace(context={"timestamp": now.strftime(SIGV4_TIMESTAMP)})
        signed = {
            **headers,
            "x-amz-content-sha256": EMPTY_SHA256_HASH,
            "x-amz-date": request.context["timestamp"],
        }
        if self.credentials.token is not None:
            signed["x-amz-security-token"] = self.credentials.token
        lines, names = _header_lines(signed)
        canonical = "\n".join([method, path, "", *lines, "", names, EMPTY_SHA256_HASH])
        signature = self.signature(self.string_to_sign(request, canonical), request)
        credential = f"{ALGORITHM} Credential={self.scope(request)}"
        authorization = f"{credential}, SignedHeaders={names}, Signature={signature}"
        return {**signed, "authorization": authorization}


def _header_lines(headers: Mapping[str, str]) -> tuple[list[str], str]:
    """As they are signed, with their names."""
    names = sorted(headers)
    return [f"{name}:{headers[name]}" for name in names], ";".join(names)


def _query_string(parameters: Mapping[str, str]) -> str:
    """In the order in which it is signed."""
    return "&".join([f"{name}={quoted(parameters[name])}" for name in sorted(parameters)])


@lru_cache(maxsize=4)
def _signing_key(secret: str, *scope: str) -> bytes:
    """Kept for the day that it is good: to derive it takes four times as long as to sign."""
    key = f"AWS4{secret}".encode()
    for part in (*scope, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
