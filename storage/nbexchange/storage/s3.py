"""Objects in a bucket of AWS S3 or of a server that speaks its protocol."""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import botocore.session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from nbexchange.storage.capabilities import Capabilities, SignedRequest
from nbexchange.storage.contract import URL_LIFETIME, StoredObject, StoreUnavailable
from nbexchange.storage.probe import Probe
from nbexchange.storage.s3_connection import CONNECT_TIMEOUT, S3Connection, check_deadline
from nbexchange.storage.s3_errors import (
    ObjectAbsent,
    Unexplained,
    check_answer,
    check_clock,
    code_of,
    translated_errors,
)
from nbexchange.storage.s3_signer import S3Signer, find_address

MAX_PUT_SIZE = 5 << 30
"""What S3 takes in one PUT, in bytes."""

SHA256_BYTES = 32

OWNED = {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}


@dataclass(eq=False)
class S3Store:
    """A prefix of a bucket. Credentials come from where boto3 looks for them.

    `endpoint_url` is what this process dials, `public_endpoint_url` what clients dial: the host is part of the
    signature, so each has a signer of its own. What is asked often goes over one pool of connections.
    """

    bucket: str
    prefix: str = ""
    region: str = "us-east-1"
    endpoint_url: str | None = None
    public_endpoint_url: str | None = None
    addressing_style: str = "path"
    timeout: float = 4.0
    wants_md5: bool = False
    credentials: Any = field(init=False, repr=False)
    signer: S3Signer = field(init=False, repr=False)
    asker: S3Signer = field(init=False, repr=False)
    connection: S3Connection = field(init=False, repr=False)
    public_url: str = field(init=False, repr=False)
    max_put_size: int = field(default=MAX_PUT_SIZE, init=False, repr=False)

    def __post_init__(self) -> None:
        logging.getLogger("botocore").setLevel(logging.WARNING)  # its debug output quotes signed URLs
        session = botocore.session.get_session()
        self.credentials = session.get_credentials()  # those of a role renew themselves
        self.asker = self._sign_for(self.endpoint_url, session)
        public = self.public_endpoint_url or self.endpoint_url
        self.signer = self.asker if public == self.endpoint_url else self._sign_for(public, session)
        self.public_url = self.signer.address.url
        ca_bundle = session.get_config_variable("ca_bundle")
        self.connection = S3Connection(self.asker.address.origin, self.timeout, ca_bundle)

    def _sign_for(self, endpoint_url: str | None, session: Any) -> S3Signer:
        address = find_address(self._client(session, endpoint_url, UNSIGNED), self.bucket)
        return S3Signer(self.credentials, self.region, address)

    def _signing_client(self) -> Any:
        """For what is seldom asked. Making clients of one session is not safe in threads, so this has its own."""
        credentials, _ = self.asker.frozen_credentials()
        return self._client(
            botocore.session.get_session(),
            self.endpoint_url,
            "s3v4",
            aws_access_key_id=credentials.access_key,
            aws_secret_access_key=credentials.secret_key,
            aws_session_token=credentials.token,
        )

    def _client(self, session: Any, endpoint_url: str | None, signature_version: Any, **options: Any) -> Any:
        config = Config(
            signature_version=signature_version,
            s3={"addressing_style": self.addressing_style, "us_east_1_regional_endpoint": "regional"},
            # Servers other than AWS refuse the checksums that newer botocore adds on its own.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            connect_timeout=min(CONNECT_TIMEOUT, self.timeout),
            read_timeout=self.timeout,
            retries={"total_max_attempts": 2, "mode": "standard"},
        )
        client = session.create_client(
            "s3", region_name=self.region, endpoint_url=endpoint_url, config=config, **options
        )
        client.meta.events.register("before-call.s3", _follow_no_redirect)
        client.meta.events.register("before-send.s3", lambda **_: check_deadline(self.timeout))
        return client

    def sign_put(
        self, key: str, *, size: int, sha256: str, lifetime: timedelta, md5: str | None = None
    ) -> SignedRequest:
        headers = {
            "content-length": str(size),
            "if-none-match": "*",
            "x-amz-checksum-sha256": base64_of(sha256),
        }
        if md5 is not None:
            headers["content-md5"] = base64_of(md5)
        return self._sign("PUT", key, lifetime, headers, {})

    def sign_get(self, key: str, *, filename: str, lifetime: timedelta) -> SignedRequest:
        query = {  # else the store repeats what the sender of the object said of it
            "response-content-disposition": f'attachment; filename="{filename}"',
            "response-content-type": "application/octet-stream",
            "response-content-encoding": "identity",
            "response-cache-control": "private, no-store",
        }
        return self._sign("GET", key, lifetime, {}, query)

    def _sign(
        self,
        method: str,
        key: str,
        lifetime: timedelta,
        headers: Mapping[str, str],
        query: Mapping[str, str],
    ) -> SignedRequest:
        path = self.signer.address.path_of(self.prefix + key)
        with translated_errors():
            return self.signer.presign(method, path, lifetime, headers, query)

    def stat(self, key: str) -> StoredObject | None:
        try:
            return read_head(self._ask_of_object("HEAD", key, {"x-amz-checksum-mode": "ENABLED"}))
        except ObjectAbsent:
            self.ready()  # the answer is the same when the bucket is not there
            return None

    def delete(self, key: str) -> None:
        self._ask_of_object("DELETE", key)

    def _ask(self, sign: Callable[[], SignedRequest]) -> Mapping[str, str]:
        """The headers of the answer; raises `ObjectAbsent` and `StoreUnavailable`."""
        with translated_errors(self.asker.address.host):
            answer = self.connection.ask(sign())
            check_answer(answer)
            return answer.headers

    def _ask_of_object(
        self, method: str, key: str, headers: Mapping[str, str] | None = None
    ) -> Mapping[str, str]:
        path = self.asker.address.path_of(self.prefix + key)
        return self._ask(lambda: self.asker.sign(method, path, headers or {}))

    def _ask_of_bucket(self, method: str, query: Mapping[str, str] | None = None) -> Mapping[str, str]:
        """As those who get a URL: there are servers that verify no other signature."""
        path = self.asker.address.bucket_path
        return self._ask(lambda: self.asker.presign(method, path, URL_LIFETIME, query=query))

    def list(self) -> Iterator[str]:
        with translated_errors():
            paginator = self._signing_client().get_paginator("list_objects_v2")
            for page in paginator.paginate(Bucket=self.bucket, Prefix=self.prefix):
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
                self._signing_client().create_bucket(**arguments)
            except ClientError as error:
                if code_of(error) not in OWNED:
                    raise

    def _ask_for_bucket(self) -> None:
        """Raise `ObjectAbsent` where there is none, and `StoreUnavailable` where it cannot be used."""
        try:
            check_clock(self._ask_of_bucket("HEAD"))
        except Unexplained:
            self._ask_of_bucket("GET", {"list-type": "2", "max-keys": "1", "prefix": self.prefix})
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


def _follow_no_redirect(params: dict[str, Any], **_: Any) -> None:
    """Else botocore goes on in the region where the bucket is, and URLs are signed for the one of the settings."""
    params["context"].setdefault("s3_redirect", {})["redirected"] = True


def base64_of(digest: str) -> str:
    """A digest in hexadecimal digits, as headers have it."""
    return base64.b64encode(bytes.fromhex(digest)).decode()


def read_head(headers: Mapping[str, str]) -> StoredObject:
    """What the answer to a HEAD says of the object. A checksum that cannot be read counts as none."""
    size, checksum = int(headers["content-length"]), headers.get("x-amz-checksum-sha256") or ""
    if "-" in checksum or headers.get("x-amz-checksum-type") == "COMPOSITE":
        return StoredObject(size, composite=checksum or None)
    try:
        digest = base64.b64decode(checksum, validate=True)
    except binascii.Error:
        return StoredObject(size)
    return StoredObject(size, sha256=digest.hex() if len(digest) == SHA256_BYTES else None)
