"""What nobody signed (other algorithms, copies, headers): S3 refuses it, and a directory knows nothing of it."""

from __future__ import annotations

import base64
import hashlib

import pytest
from support.stores.object_clients import (
    BODY,
    OTHER,
    assert_download_refused,
    assert_upload_refused,
    on,
    parameter,
    send,
    sha256_of,
    with_headers,
    with_parameter,
)

from nbexchange.storage import URL_LIFETIME
from nbexchange.storage.attacks import OTHERS, PERMISSIONS, in_pieces


@pytest.fixture
def upload(client, key):
    return client.sign_put(key, BODY)


@pytest.mark.parametrize("algorithm", [None, "AWS4-HMAC-SHA1", "none"])
@on("seaweedfs")  # the local store has one algorithm only
def test_a_url_without_its_algorithm_is_refused(client, key, upload, algorithm):
    altered = with_parameter(upload, "X-Amz-Algorithm", algorithm)
    assert_upload_refused(client, key, altered, statuses=(400, 403))
    client.put(key, BODY)
    download = with_parameter(client.sign_get(key), "X-Amz-Algorithm", algorithm)
    assert_download_refused(download, statuses=(400, 403))


@pytest.mark.parametrize("announced", [BODY, OTHER], ids=["own digest", "digest of the other"])
@on("seaweedfs")
def test_an_upload_is_no_copy_of_another_object(client, key, announced):
    """Nobody is told the digest of what they may not fetch; if they knew it, it would not help."""
    theirs = f"{key}.theirs"
    client.put(theirs, OTHER)
    source = f"/{client.store.bucket}/{client.store.prefix}{theirs}"
    request = with_headers(client.sign_put(key, announced), {"x-amz-copy-source": source})
    assert_upload_refused(client, key, request, announced)


@on("local", "flat")
def test_an_upload_of_a_store_without_copies_is_what_was_announced(client, key, upload):
    client.put(f"{key}.theirs", OTHER)
    assert send(with_headers(upload, {"x-amz-copy-source": f"/{key}.theirs"}), BODY).status == 200
    assert send(client.sign_get(key)).body == BODY


@on("seaweedfs")
def test_pieces_that_are_not_signed_are_no_way_round_the_signature(client, key, upload):
    request, framed = in_pieces(client.forged(upload), BODY)
    assert_upload_refused(client, key, request, framed)


@pytest.mark.parametrize("headers", [*PERMISSIONS, *OTHERS], ids=lambda headers: next(iter(headers)))
@on("seaweedfs")
def test_unsigned_headers_are_refused(client, key, upload, headers):
    assert_upload_refused(client, key, with_headers(upload, headers), statuses=(400, 403))


@on("seaweedfs")
class TestAnUploadThatIsSignedForAnMd5AsWell:
    @pytest.fixture
    def upload(self, client, key):
        digests = {"sha256": sha256_of(BODY), "md5": hashlib.md5(BODY, usedforsecurity=False).hexdigest()}
        return client.store.sign_put(key, size=len(BODY), lifetime=URL_LIFETIME, **digests)

    def test_has_it_among_its_signed_headers(self, upload):
        assert "content-md5;" in parameter(upload, "X-Amz-SignedHeaders")
        assert send(upload, BODY).status == 200

    @pytest.mark.parametrize(
        "value", [None, base64.b64encode(bytes(16)).decode()], ids=["removed", "altered"]
    )
    def test_is_refused_with_another(self, client, key, upload, value):
        assert_upload_refused(client, key, with_headers(upload, {"content-md5": value}))

    def test_is_refused_with_bytes_that_have_another(self, client, key):
        digests = {"sha256": sha256_of(OTHER), "md5": hashlib.md5(BODY, usedforsecurity=False).hexdigest()}
        upload = client.store.sign_put(key, size=len(OTHER), lifetime=URL_LIFETIME, **digests)
        assert_upload_refused(client, key, upload, OTHER, statuses=(400,))
