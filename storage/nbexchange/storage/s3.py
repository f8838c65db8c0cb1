"""Objects in a bucket of AWS S3 or of a server that speaks its protocol."""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from nbexchange.shared.deadlines import seconds_left
from nbexchange.storage.capabilities import Capabilities, SignedRequest
from nbexchange.storage.contract import StoredObject, StoreUnavailable
from nbexchange.storage.probe import Probe
from nbexchange.storage.s3_errors import ObjectAbsent, Unexplained, check_clock, code_of, translated_errors

CLOCK_SKEW = timedelta(minutes=1)
"""How far the store's clock may be ahead of ours, when credentials end."""
FOREVER = datetime.max.replace(tzinfo=UTC)

MAX_PUT_SIZE = 5 << 30
"""What S3 takes in one PUT, in bytes."""

SHA256_BYTES = 32

OWNED = {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}


@dataclass(eq=False)
class S3Store:
    """A prefix of a bucket. Credentials come from where boto3 looks for them.

    `endpoint_url` is what this process dials, `public_endpoint_url` what clients dial: the host is part of the
    signature, so URLs are signed for the second by a client of their own. Both clients are made at once, since making
    them is not safe in threads and using them is.
    """

    bucket: str
    prefix: str = ""
    region: str = "us-east-1"
    endpoint_url: str | None = None
    public_endpoint_url: str | None = None
    addressing_style: str = "path"
    timeout: float = 4.0
    wants_md5: bool = False
    session: Any = field(init=False, repr=False)
    client: Any = field(init=False, repr=False)
    signer: Any = field(init=False, repr=False)
    asker: Any = field(init=False, repr=False)
    public_url: str = field(init=False, repr=False)
    max_put_size: int = field(default=MAX_PUT_SIZE, init=False, repr=False)

    def __post_init__(self) -> None:
        public = self.public_endpoint_url or self.endpoint_url
        for name in ("boto3", "botocore", "s3transfer"):
            logging.getLogger(name).setLevel(logging.WARNING)  # their debug output quotes signed URLs
        self.session = boto3.session.Session()
        self.client = self._connect(self.endpoint_url)
        self.signer = self.client if public == self.endpoint_url else self._connect(public)
        # As clients sign: some servers verify a signature in a URL, and none in a header.
        self.asker = self._connect(self.endpoint_url, signature_version="s3v4-query")
        self.public_url = self._address(public)

    def _address(self, endpoint_url: str | None) -> str:
        """The bucket's, as clients dial it; it needs no credentials, which may not be there yet."""
        unsigned = self._connect(endpoint_url, signature_version=UNSIGNED)
        url: str = unsigned.generate_presigned_url("head_bucket", Params={"Bucket": self.bucket})
        return url

    def _connect(self, endpoint_url: str | None, signature_version: Any = "s3v4") -> Any:
        config = Config(
            # Left alone, boto3 presigns with SigV2, which covers neither length nor digest.
            signature_version=signature_version,
            s3={"addressing_style": self.addressing_style, "us_east_1_regional_endpoint": "regional"},
            # Servers other than AWS refuse the checksums that newer botocore adds on its own.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            connect_timeout=min(2.0, self.timeout),
            read_timeout=self.timeout,
            retries={"total_max_attempts": 2, "mode": "standard"},
            max_pool_connections=32,
        )
        client = self.session.client("s3", region_name=self.region, endpoint_url=endpoint_url, config=config)
        client.meta.events.register("before-call.s3", _follow_no_redirect)
        client.meta.events.register("before-send.s3", self._end_in_time)
        return client

    def _end_in_time(self, **_: Any) -> None:
        """Before each try: what is not sure to be answered by the deadline is not asked."""
        if seconds_left() < self.timeout:
            raise StoreUnavailable("the object store was not asked: there was no time left for its answer")

    def sign_put(
        self, key: str, *, size: int, sha256: str, lifetime: timedelta, md5: str | None = None
    ) -> SignedRequest:
        digest = base64_of(sha256)
        params = {"ContentLength": size, "IfNoneMatch": "*", "ChecksumSHA256": digest}
        headers = {"content-length": str(size), "if-none-match": "*", "x-amz-checksum-sha256": digest}
        if md5 is not None:
            params["ContentMD5"] = headers["content-md5"] = base64_of(md5)
        return self._sign("put_object", "PUT", key, params, headers, lifetime)

    def sign_get(self, key: str, *, filename: str, lifetime: timedelta) -> SignedRequest:
        params = {  # else the store repeats what the sender of the object said of it
            "ResponseContentDisposition": f'attachment; filename="{filename}"',
            "ResponseContentType": "application/octet-stream",
            "ResponseContentEncoding": "identity",
            "ResponseCacheControl": "private, no-store",
        }
        return self._sign("get_object", "GET", key, params, {}, lifetime)

    def _sign(
        self,
        operation: str,
        method: str,
        key: str,
        params: dict[str, Any],
        headers: dict[str, str],
        lifetime: timedelta,
    ) -> SignedRequest:
        with translated_errors():
            lifetime = min(lifetime, self._credentials_end() - datetime.now(UTC))
            seconds = max(1, int(lifetime.total_seconds()))
            url = self.signer.generate_presigned_url(
                operation, Params={**self._bucket_and_key(key), **params}, ExpiresIn=seconds
            )
        return SignedRequest(method, url, headers, timedelta(seconds=seconds))

    def _credentials_end(self) -> datetime:
        """Until when a URL that is signed now is good: it dies with temporary credentials, which are renewed first."""
        credentials = self.session.get_credentials()
        if credentials is None:
            return FOREVER
        credentials.get_frozen_credentials()  # renews what ends soon
        end: datetime | None = getattr(
            credentials, "_expiry_time", None
        )  # botocore has no public name for it
        return FOREVER if end is None else end - CLOCK_SKEW

    def stat(self, key: str) -> StoredObject | None:
        try:
            with translated_errors():
                head = self.client.head_object(**self._bucket_and_key(key), ChecksumMode="ENABLED")
        except ObjectAbsent:
            self.ready()  # the answer is the same when the bucket is not there
            return None
        return read_head(head)

    def delete(self, key: str) -> None:
        with translated_errors():
            self.client.delete_object(**self._bucket_and_key(key))

    def list(self) -> Iterator[str]:
        with translated_errors():
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self.prefix
            )
            for page in pages:
                for item in page.get("Contents", []):
                    yield item["Key"].removeprefix(self.prefix)

    def create(self) -> None:
        try:
            self._ask_for_bucket()
        except ObjectAbsent:
            self._create_bucket()

    def _create_bucket(self) -> None:
        arguments: dict[str, Any] = {"Bucket": self.bucket}
        if self.region != "us-east-1":
            arguments["CreateBucketConfiguration"] = {"LocationConstraint": self.region}
        with translated_errors():
            try:
                self.client.create_bucket(**arguments)
            except ClientError as error:
                if code_of(error) not in OWNED:
                    raise

    def _ask_for_bucket(self) -> None:
        """Raise `ObjectAbsent` where there is none, and `StoreUnavailable` where it cannot be used."""
        try:
            with translated_errors():
                check_clock(self.asker.head_bucket(Bucket=self.bucket))
        except Unexplained:
            with translated_errors():
                self.asker.list_objects_v2(Bucket=self.bucket, Prefix=self.prefix, MaxKeys=1)
            raise

    def ready(self) -> None:
        try:
            self._ask_for_bucket()
        except ObjectAbsent:
            raise StoreUnavailable(
                f"there is no bucket {self.bucket!r}: run `nbexchange storage init`"
            ) from None

    def capabilities(self) -> Capabilities:
        store = replace(self, public_endpoint_url=self.endpoint_url)
        return Probe(store, lambda key: f"{self.bucket}/{self.prefix}{key}").capabilities()

    def _bucket_and_key(self, key: str) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": self.prefix + key}


def _follow_no_redirect(params: dict[str, Any], **_: Any) -> None:
    """Else botocore goes on in the region where the bucket is, and URLs are signed for the one of the settings."""
    params["context"].setdefault("s3_redirect", {})["redirected"] = True


def base64_of(digest: str) -> str:
    """A digest in hexadecimal digits, as headers have it."""
    return base64.b64encode(bytes.fromhex(digest)).decode()


def read_head(head: Mapping[str, Any]) -> StoredObject:
    """What the answer to a HEAD says of the object. A checksum that cannot be read counts as none."""
    size, checksum = head["ContentLength"], head.get("ChecksumSHA256") or ""
    if "-" in checksum or head.get("ChecksumType") == "COMPOSITE":
        return StoredObject(size, composite=checksum or None)
    try:
        digest = base64.b64decode(checksum, validate=True)
    except binascii.Error:
        return StoredObject(size)
    return StoredObject(size, sha256=digest.hex() if len(digest) == SHA256_BYTES else None)
