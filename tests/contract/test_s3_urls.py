"""What S3 URLs look like: what is signed, for which host and region."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from support.stores.object_clients import (
    BODY,
    base64_of,
    on,
    parameter,
    send,
    sha256_of,
)

from nbexchange.storage import URL_LIFETIME, SignedRequest
from nbexchange.storage.s3 import S3Store


def sign_both(store: S3Store) -> tuple[SignedRequest, SignedRequest]:
    return (
        store.sign_put("v1/key", size=len(BODY), sha256=sha256_of(BODY), lifetime=URL_LIFETIME),
        store.sign_get("v1/key", filename="work.tar.gz", lifetime=URL_LIFETIME),
    )


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize("endpoint_url", [None, "http://127.0.0.1:9000"], ids=["aws", "endpoint"])
@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_s3_urls_are_signed_with_version_4_over_every_header(region, endpoint_url):
    upload, download = sign_both(S3Store("bucket", region=region, endpoint_url=endpoint_url))
    for request in (upload, download):
        assert parameter(request, "X-Amz-Algorithm") == "AWS4-HMAC-SHA256"
        assert parameter(request, "X-Amz-Credential").split("/")[2:] == [region, "s3", "aws4_request"]
        assert 840 < int(parameter(request, "X-Amz-Expires")) <= 900
    signed = "content-length;host;if-none-match;x-amz-checksum-sha256"
    assert parameter(upload, "X-Amz-SignedHeaders") == signed
    assert parameter(download, "X-Amz-SignedHeaders") == "host"
    assert upload.headers == {
        "content-length": str(len(BODY)),
        "if-none-match": "*",
        "x-amz-checksum-sha256": base64_of(BODY),
    }
    assert download.headers == {}


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    ("style", "region", "place_of_key"),
    [
        ("path", "eu-west-1", "https://s3.eu-west-1.amazonaws.com/bucket/v1/key"),
        ("path", "us-east-1", "https://s3.us-east-1.amazonaws.com/bucket/v1/key"),
        ("virtual", "eu-west-1", "https://bucket.s3.eu-west-1.amazonaws.com/v1/key"),
        ("virtual", "us-east-1", "https://bucket.s3.us-east-1.amazonaws.com/v1/key"),
    ],
)
def test_aws_urls_lead_to_the_region_and_not_to_a_redirect(style, region, place_of_key):
    for request in sign_both(S3Store("bucket", region=region, addressing_style=style)):
        assert request.url.partition("?")[0] == place_of_key


def test_the_public_address_needs_no_credentials():
    """They may be late, and `GET v1/me` tells the address all the same."""
    store = S3Store("bucket", prefix="exchange/", public_endpoint_url="https://objects.example.org:9000")
    assert store.public_url == "https://objects.example.org:9000/bucket"
    assert S3Store("bucket", region="eu-west-1", addressing_style="virtual").public_url == (
        "https://bucket.s3.eu-west-1.amazonaws.com/"
    )


@on("seaweedfs")
def test_a_url_for_the_public_host_is_good_at_that_host_and_at_no_other(client, key):
    public = client.base_url.replace("127.0.0.1", "localhost")
    there = replace(client, store=replace(client.store, public_endpoint_url=public))
    upload = there.sign_put(key, BODY)
    assert upload.url.startswith(public)
    elsewhere = replace(upload, url=upload.url.replace("localhost", "127.0.0.1"))
    assert send(elsewhere, BODY).status == 403
    assert send(upload, BODY).status == 200
    assert client.store.stat(key).size == len(BODY)


@on("seaweedfs")
def test_urls_are_signed_for_the_public_host_and_questions_asked_at_the_other(client, key):
    store = replace(client.store, public_endpoint_url="https://objects.example.org")
    for request in sign_both(store):
        assert urlsplit(request.url).netloc == "objects.example.org"
    client.put(key, BODY)
    assert store.stat(key).size == len(BODY)


@on("seaweedfs")
def test_a_prefix_of_odd_characters_is_the_same_for_clients_and_questions(client, key):
    odd = replace(
        client, store=replace(client.store, prefix="odd \N{LATIN SMALL LETTER U WITH DIAERESIS}+%20~(1)'!&=/")
    )
    odd.put(key, BODY)
    assert odd.store.stat(key).size == len(BODY)
    assert list(odd.store.list()) == [key]
    odd.store.delete(key)
    assert odd.store.stat(key) is None
