"""Signed URLs of every store, as a client uses them and as a cheat alters them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from support.stores.object_clients import (
    BODY,
    OTHER,
    STRICT,
    assert_download_refused,
    assert_upload_refused,
    base64_of,
    chunked,
    on,
    parameter,
    send,
    with_headers,
)


@pytest.fixture
def upload(client, key):
    return client.sign_put(key, BODY)


@pytest.fixture
def download(client, key):
    """Of an object that exists."""
    client.put(key, BODY)
    return client.sign_get(key)


@pytest.fixture
def hour_ago():
    """Sign as if it were an hour ago: `hour_ago(client.sign_put, key, BODY, lifetime=timedelta(...))`."""
    then = datetime.now(UTC) - timedelta(hours=1)

    def signed(sign, *arguments, lifetime):
        with time_machine.travel(then):
            return sign(*arguments, lifetime=lifetime)

    return signed


@on(*STRICT)
class TestASignedUpload:
    def test_is_good_after_its_url_was_taken_apart_and_put_together(self, client, key, upload):
        """Or else what is said below of altered URLs would say nothing."""
        signature = parameter(upload, client.parameters["signature"])
        assert send(client.altered(upload, "signature", signature), BODY).status == 200
        assert client.store.stat(key)

    def test_is_good_until_it_expires(self, client, key, hour_ago):
        upload = hour_ago(client.sign_put, key, BODY, lifetime=timedelta(minutes=65))
        assert send(upload, BODY).status == 200

    def test_is_refused_once_it_has_expired(self, client, key, hour_ago):
        upload = hour_ago(client.sign_put, key, BODY, lifetime=timedelta(minutes=55))
        assert_upload_refused(client, key, upload)

    def test_is_refused_with_a_later_expiry(self, client, key, upload):
        assert_upload_refused(client, key, client.altered(upload, "expires", "604800"))

    def test_is_refused_with_a_forged_signature(self, client, key, upload):
        assert_upload_refused(client, key, client.forged(upload))

    def test_is_refused_without_its_query(self, client, key, upload):
        bare = replace(upload, url=upload.url.partition("?")[0])
        assert_upload_refused(client, key, bare, statuses=(400, 403))

    def test_is_refused_under_another_key(self, client, key, upload):
        other = key.replace("submission", "release")
        assert_upload_refused(client, other, replace(upload, url=upload.url.replace(key, other)))

    @pytest.mark.parametrize("method", ["GET", "DELETE"])
    def test_is_refused_as_another_request(self, client, key, upload, method):
        assert send(upload, BODY).status == 200
        answer = send(replace(upload, method=method), BODY)
        assert answer.status in {403, 405}, answer
        assert BODY not in answer.body
        assert client.store.stat(key)

    def test_is_refused_with_a_longer_body(self, client, key, upload):
        longer = BODY + b"."
        request = with_headers(upload, {"content-length": str(len(longer))})
        assert_upload_refused(client, key, request, longer)

    def test_is_refused_with_a_shorter_body(self, client, key, upload):
        shorter = BODY[:-1]
        request = with_headers(upload, {"content-length": str(len(shorter))})
        assert_upload_refused(client, key, request, shorter)

    @pytest.mark.parametrize("pieces", [(BODY,), (BODY, b".")], ids=["as-signed", "longer"])
    def test_is_refused_in_chunks(self, client, key, upload, pieces):
        request = with_headers(upload, {"content-length": None, "transfer-encoding": "chunked"})
        assert_upload_refused(client, key, request, chunked(*pieces))

    def test_is_refused_without_a_body(self, client, key, upload):
        assert_upload_refused(client, key, with_headers(upload, {"content-length": None}), b"")

    def test_is_refused_with_other_bytes_of_the_same_length(self, client, key, upload):
        assert_upload_refused(client, key, upload, OTHER, statuses=(400,))

    def test_is_refused_with_other_bytes_and_their_digest(self, client, key, upload):
        request = with_headers(upload, {"x-amz-checksum-sha256": base64_of(OTHER)})
        assert_upload_refused(client, key, request, OTHER)

    @pytest.mark.parametrize("name", ["if-none-match", "x-amz-checksum-sha256"])
    def test_is_refused_without_a_signed_header(self, client, key, upload, name):
        assert_upload_refused(client, key, with_headers(upload, {name: None}))


@on(*STRICT)
class TestASignedDownload:
    def test_is_good_after_its_url_was_taken_apart_and_put_together(self, client, download):
        signature = parameter(download, client.parameters["signature"])
        assert send(client.altered(download, "signature", signature)).body == BODY

    def test_is_refused_once_it_has_expired(self, client, key, hour_ago):
        client.put(key, BODY)
        assert_download_refused(hour_ago(client.sign_get, key, lifetime=timedelta(minutes=55)))

    def test_is_refused_with_a_later_expiry(self, client, download):
        assert_download_refused(client.altered(download, "expires", "604800"))

    def test_is_refused_with_a_forged_signature(self, client, download):
        assert_download_refused(client.forged(download))

    def test_is_refused_without_its_query(self, download):
        bare = replace(download, url=download.url.partition("?")[0])
        assert_download_refused(bare, statuses=(400, 403))

    def test_is_refused_for_another_object(self, client, key, download):
        other = key.replace("submission", "feedback")
        client.put(other, BODY)
        assert_download_refused(replace(download, url=download.url.replace(key, other)))

    @pytest.mark.parametrize("value", ["inline", None], ids=["altered", "removed"])
    def test_is_refused_under_another_name(self, client, download, value):
        assert_download_refused(client.altered(download, "filename", value))

    def test_is_refused_as_a_deletion(self, client, key, download):
        assert_download_refused(replace(download, method="DELETE"), statuses=(403, 405))
        assert client.store.stat(key)

    def test_is_refused_as_an_upload(self, client, key):
        download = replace(client.sign_get(key), method="PUT")
        assert_upload_refused(client, key, with_headers(download, {"content-length": str(len(BODY))}))


@on(*STRICT)
def test_a_url_without_its_signature_is_refused(client, key, upload):
    assert_upload_refused(client, key, client.altered(upload, "signature", None), statuses=(400, 403))
    client.put(key, BODY)
    unsigned = client.altered(client.sign_get(key), "signature", None)
    assert_download_refused(unsigned, statuses=(400, 403))


@on(*STRICT)
def test_another_condition_than_the_signed_one_is_refused(client, key, upload):
    assert_upload_refused(client, key, with_headers(upload, {"if-none-match": '"etag"'}))


@on("local", "flat")  # they know neither access lists nor metadata: such headers mean nothing to them
def test_unsigned_headers_do_not_make_an_object_public(client, key, upload):
    request = with_headers(upload, {"x-amz-acl": "public-read", "x-amz-meta-grade": "100"})
    assert send(request, BODY).status == 200
    assert_download_refused(replace(client.sign_get(key), url=upload.url.partition("?")[0]))
