"""Our URLs are those that botocore makes for the same instant and credentials, by its `generate_presigned_url`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import SplitResult, urlsplit

import botocore.session
import pytest
import time_machine
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from support.stores.object_clients import ACCESS_KEY, BODY, SECRET_KEY, base64_of, sha256_of

from nbexchange.storage import URL_LIFETIME, SignedRequest
from nbexchange.storage.s3 import S3Store

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
ODD = "odd \N{LATIN SMALL LETTER U WITH DIAERESIS}+%20~(1)*'!&=?#;:@$,/"
TOKEN = "IQoJb3JpZ2luX2VjE/+//wEaCXVzLWVhc3QtMSJH=="
MD5, MD5_IN_BASE64 = "5d41402abc4b2a76b9719d911017c592", "XUFAKrxLKna5cZ2REBfFkg=="


@dataclass(frozen=True)
class Site:
    """Where a store is, what its keys begin with, and whose credentials sign."""

    endpoint_url: str | None = None
    region: str = "eu-west-1"
    addressing_style: str = "path"
    prefix: str = ""
    secret: str = SECRET_KEY
    token: str | None = None

    def store(self) -> S3Store:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
            patch.setenv("AWS_SECRET_ACCESS_KEY", self.secret)
            if self.token:
                patch.setenv("AWS_SESSION_TOKEN", self.token)
            return S3Store("bucket", self.prefix, self.region, self.endpoint_url, None, self.addressing_style)

    def client(self, session: Any) -> Any:
        return session.create_client(
            "s3",
            region_name=self.region,
            endpoint_url=self.endpoint_url,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=self.secret,
            aws_session_token=self.token,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": self.addressing_style, "us_east_1_regional_endpoint": "regional"},
            ),
        )


SITES = {
    "aws": Site(),
    "aws, first region": Site(region="us-east-1", token=TOKEN),
    "aws, host": Site(addressing_style="virtual", prefix=ODD),
    "aws of china, host": Site(region="cn-north-1", addressing_style="virtual", token=TOKEN),
    "port": Site("http://127.0.0.1:9000", "us-east-1", prefix=ODD, token=TOKEN),
    "implied port": Site("https://s3.example.org:443"),
    "path": Site("https://S3.Example.ORG/base/path"),
    "path and port, host": Site("http://s3.example.org:9000/base", addressing_style="virtual", token=TOKEN),
    "ipv6": Site("http://[::1]:9000"),
}


@pytest.fixture(scope="module")
def session() -> Any:
    """One for all clients, since it reads much."""
    return botocore.session.get_session()


def upload(store: S3Store, **options: str) -> SignedRequest:
    return store.sign_put("v1/key", size=len(BODY), sha256=sha256_of(BODY), lifetime=URL_LIFETIME, **options)


def presigned(client: Any, site: Site, operation: str, **parameters: object) -> str:
    """What botocore makes of the same."""
    if operation == "put_object":
        parameters |= {"ContentLength": len(BODY), "IfNoneMatch": "*", "ChecksumSHA256": base64_of(BODY)}
    target = {"Bucket": "bucket", "Key": f"{site.prefix}v1/key"}
    seconds = int(URL_LIFETIME.total_seconds())
    url: str = client.generate_presigned_url(operation, Params={**target, **parameters}, ExpiresIn=seconds)
    return url


def taken_apart(url: str) -> tuple[SplitResult, list[str]]:
    """The order of the parameters has no meaning: they are sorted before they are signed."""
    parts = urlsplit(url)
    return parts._replace(query=""), sorted(parts.query.split("&"))


@pytest.mark.parametrize("site", SITES.values(), ids=SITES)
def test_urls_are_those_of_botocore(site, session):
    store, client = site.store(), site.client(session)
    with time_machine.travel(NOON, tick=False):
        pairs = {
            upload(store).url: presigned(client, site, "put_object"),
            upload(store, md5=MD5).url: presigned(client, site, "put_object", ContentMD5=MD5_IN_BASE64),
            store.sign_get("v1/key", filename="the work (1).tar.gz", lifetime=URL_LIFETIME).url: presigned(
                client,
                site,
                "get_object",
                ResponseContentDisposition='attachment; filename="the work (1).tar.gz"',
                ResponseContentType="application/octet-stream",
                ResponseContentEncoding="identity",
                ResponseCacheControl="private, no-store",
            ),
        }
    for ours, theirs in pairs.items():
        assert taken_apart(ours) == taken_apart(theirs)


@pytest.mark.parametrize("site", SITES.values(), ids=SITES)
def test_a_question_is_signed_in_its_header_as_by_botocore(site, session):
    store = site.store()
    path = store.asker.address.path_of(f"{site.prefix}v1/key")
    request = AWSRequest(
        "HEAD", store.asker.address.origin + path, headers={"x-amz-checksum-mode": "ENABLED"}
    )
    request.context["payload_signing_enabled"] = True
    with time_machine.travel(NOON, tick=False):
        ours = store.asker.sign("HEAD", path, {"x-amz-checksum-mode": "ENABLED"})
        S3SigV4Auth(Credentials(ACCESS_KEY, site.secret, site.token), "s3", site.region).add_auth(request)
    assert ours.url == request.url
    theirs = {name.lower(): value for name, value in request.headers.items()}
    assert {**theirs, "host": store.asker.address.host} == ours.headers


def test_what_is_kept_of_a_day_signs_for_no_other_day_secret_or_region(session):
    site = Site()
    others = [replace(site, secret="another"), replace(site, region="ap-south-1"), site]
    pairs = [(other, other.store(), other.client(session)) for other in others]
    for day in range(2):
        with time_machine.travel(NOON + timedelta(days=day), tick=False):
            for other, store, client in pairs:
                assert taken_apart(upload(store).url) == taken_apart(presigned(client, other, "put_object"))
