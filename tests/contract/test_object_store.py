"""What every object store does, shown on each of them as a client and as a cheat see it."""

from __future__ import annotations

import shutil
import traceback
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from urllib.parse import urljoin
from uuid import uuid4

import pytest
from support.stores.object_clients import (
    ACCESS_KEY,
    BODY,
    SECRET_KEY,
    StoreClient,
    base64_of,
    chunked,
    on,
    parameter,
    send,
    send_and_hang_up,
    sha256_of,
    with_headers,
    with_parameter,
)

from nbexchange.demo.servers import free_port
from nbexchange.storage import Capabilities, ObjectStore, SignedRequest, StoreUnavailable
from nbexchange.storage.local import LocalStore
from nbexchange.storage.s3 import S3Store

# moto verifies nothing about a signature, so nothing that is said about signed URLs may rest on it. It is here as the
# store that reports no digest, as some S3 servers in production do not.
STRICT = ("local", "flat", "seaweedfs")
ALL = (*STRICT, "moto")
S3 = ("seaweedfs", "moto")

OTHER = BODY.swapcase()


# --- objects -----------------------------------------------------------------------------------------------


@on(*ALL)
class TestAnObject:
    def test_is_none_where_nothing_was_sent(self, client, key):
        assert client.store.stat(key) is None

    def test_has_the_size_of_what_was_sent_and_no_wrong_digest(self, client, key):
        client.put(key, BODY)
        stored = client.store.stat(key)
        assert stored.size == len(BODY)
        assert stored.sha256 in {None, sha256_of(BODY)}

    def test_comes_back_as_a_download_with_the_same_bytes(self, client, key):
        client.put(key, BODY)
        answer = send(client.sign_get(key))
        assert (answer.status, answer.body) == (200, BODY)
        assert answer.headers["Content-Type"] == "application/octet-stream"
        disposition, _, filename = answer.headers["Content-Disposition"].partition("; filename=")
        assert (disposition, filename.strip('"')) == ("attachment", "work.tar.gz")

    def test_of_several_megabytes_comes_back_whole(self, client, key):
        body = bytes(range(251)) * 10_001
        client.put(key, body)
        assert send(client.sign_get(key)).body == body

    def test_is_not_overwritten(self, client, key):
        client.put(key, BODY)
        assert send(client.sign_put(key, OTHER), OTHER).status == 412
        assert send(client.sign_get(key)).body == BODY

    def test_is_not_there_when_its_transfer_breaks_off(self, client, key):
        answer = send_and_hang_up(client.sign_put(key, BODY), BODY[:-1])
        assert b" 200 " not in answer.partition(b"\r\n")[0]
        assert client.store.stat(key) is None

    def test_is_gone_once_it_is_deleted(self, client, key):
        client.put(key, BODY)
        client.store.delete(key)
        assert client.store.stat(key) is None
        answer = send(client.sign_get(key))
        assert 400 <= answer.status < 500
        assert BODY not in answer.body

    def test_may_be_deleted_when_it_is_not_there(self, client, key):
        client.store.delete(key)

    def test_stays_when_what_its_key_begins_with_is_deleted(self, client, key):
        client.put(key, BODY)
        client.store.delete(key.rpartition("/")[0])
        assert client.store.stat(key)

    def test_is_listed_under_its_key(self, client, key):
        before = sorted(client.store.list())
        others = [f"others/{key}", f"others/{uuid4()}/data"]
        for name in (key, *others):
            client.put(name, BODY)
        assert sorted(client.store.list()) == sorted([*before, key, *others])

    def test_stays_when_the_store_is_created_again(self, client, key):
        client.put(key, BODY)
        client.store.create()
        assert client.store.stat(key)

    def test_can_be_sent_to_a_store_that_is_ready(self, client):
        client.store.ready()


@on(*ALL)
def test_signed_urls_begin_with_the_public_address(client, key):
    begin = urljoin(client.base_url, client.store.public_url)
    for request in (client.sign_put(key, BODY), client.sign_get(key)):
        assert request.url.startswith(begin)


@on(*ALL)
def test_somebody_without_a_signature_is_answered_at_the_public_address(client):
    url = urljoin(client.base_url, client.store.public_url)
    assert send(SignedRequest("HEAD", url, {}, datetime.now(UTC))).status < 500


@on(*STRICT)  # moto reports no digest of an object
def test_the_digest_is_reported(client, key):
    client.put(key, BODY)
    assert client.store.stat(key).sha256 == sha256_of(BODY)


@on(*S3)
def test_stores_in_one_bucket_do_not_see_each_other(client, key):
    ours, theirs = (
        replace(client, store=replace(client.store, prefix=f"{key}/{name}/")) for name in ("ours", "theirs")
    )
    ours.put("same-key", BODY)
    assert list(ours.store.list()) == ["same-key"]
    assert list(theirs.store.list()) == []
    assert theirs.store.stat("same-key") is None
    theirs.put("same-key", OTHER)
    theirs.store.delete("same-key")
    assert send(ours.sign_get("same-key")).body == BODY


# --- a store that is away ----------------------------------------------------------------------------------


QUESTIONS = {
    "stat": lambda store: store.stat("v1/key"),
    "delete": lambda store: store.delete("v1/key"),
    "list": lambda store: list(store.list()),
    "ready": lambda store: store.ready(),
}


def assert_nothing_answered(store: ObjectStore) -> None:
    for ask in QUESTIONS.values():
        with pytest.raises(StoreUnavailable):
            ask(store)


@pytest.mark.parametrize("gone", ["", "objects", "incoming"], ids=["all", "objects", "incoming"])
def test_a_directory_that_is_gone_is_no_empty_store(tmp_path, gone):
    store = LocalStore(tmp_path / "store")
    shutil.rmtree(store.root / gone)
    assert_nothing_answered(store)


@on(*S3)
def test_a_bucket_that_is_not_there_is_no_empty_store(client):
    assert_nothing_answered(replace(client.store, bucket="absent"))


@on("seaweedfs")  # moto does not verify requests that are signed by a header
def test_a_store_that_refuses_the_credentials_says_nothing_about_objects(client, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    assert_nothing_answered(replace(client.store))


def test_where_nobody_listens_the_error_tells_no_secret(monkeypatch, credentials):
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    store = S3Store("bucket", endpoint_url=f"http://127.0.0.1:{free_port()}")
    for ask in (*QUESTIONS.values(), S3Store.create, S3Store.capabilities):
        with pytest.raises(StoreUnavailable) as failure:
            ask(store)
        text = "".join(traceback.format_exception(failure.value))
        assert not [word for word in (ACCESS_KEY, SECRET_KEY, "X-Amz-", "http:") if word in text]


# --- signed URLs -------------------------------------------------------------------------------------------


def assert_upload_refused(
    client: StoreClient,
    key: str,
    request: SignedRequest,
    body: bytes = BODY,
    *,
    statuses: tuple[int, ...] = (403,),
) -> None:
    answer = send(request, body)
    assert answer.status in statuses, answer
    assert client.store.stat(key) is None


def assert_download_refused(request: SignedRequest, *, statuses: tuple[int, ...] = (403,)) -> None:
    answer = send(request)
    assert answer.status in statuses, answer
    assert BODY not in answer.body


@pytest.fixture
def upload(client, key):
    return client.sign_put(key, BODY)


@pytest.fixture
def download(client, key):
    """Of an object that exists."""
    client.put(key, BODY)
    return client.sign_get(key)


@pytest.fixture
def hour_ago(monkeypatch):
    """Sign as if it were an hour ago: `hour_ago(client.sign_put, key, BODY, lifetime=timedelta(...))`."""
    then = datetime.now(UTC) - timedelta(hours=1)

    def signed(sign, *arguments, lifetime):
        with monkeypatch.context() as clock:
            clock.setattr("botocore.auth.get_current_datetime", lambda: then.replace(tzinfo=None))
            clock.setattr("nbexchange.storage.s3.datetime", SimpleNamespace(now=lambda zone: then))
            return sign(*arguments, expires_at=then + lifetime)

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


@on("seaweedfs")  # the local store has one algorithm only
def test_a_url_without_its_algorithm_is_refused(client, key, upload):
    assert_upload_refused(client, key, with_parameter(upload, "X-Amz-Algorithm", None), statuses=(400, 403))


@on(*STRICT)
def test_another_condition_than_the_signed_one_is_refused(client, key, upload):
    assert_upload_refused(client, key, with_headers(upload, {"if-none-match": '"etag"'}))


@on("seaweedfs")
def test_an_unsigned_wish_for_a_public_object_is_refused(client, key, upload):
    request = with_headers(upload, {"x-amz-acl": "public-read"})
    assert_upload_refused(client, key, request, statuses=(400, 403))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-amz-meta-grade", "100"),
        ("x-amz-tagging", "grade=100"),
        ("x-amz-storage-class", "GLACIER"),
        ("x-amz-website-redirect-location", "https://elsewhere.example.org/"),
    ],
)
@on("seaweedfs")
def test_unsigned_headers_are_refused(client, key, upload, name, value):
    assert_upload_refused(client, key, with_headers(upload, {name: value}))


@on("local", "flat")  # they know neither access lists nor metadata: such headers mean nothing to them
def test_unsigned_headers_do_not_make_an_object_public(client, key, upload):
    request = with_headers(upload, {"x-amz-acl": "public-read", "x-amz-meta-grade": "100"})
    assert send(request, BODY).status == 200
    assert_download_refused(replace(client.sign_get(key), url=upload.url.partition("?")[0]))


# --- what a store says of itself ---------------------------------------------------------------------------


ENFORCES_ALL = Capabilities(
    refuses_forged_signatures=True,
    refuses_other_lengths=True,
    refuses_other_digests=True,
    refuses_overwrites=True,
    reports_digests=True,
)


ENFORCES_NOTHING_SIGNED = Capabilities(
    refuses_forged_signatures=False,
    refuses_other_lengths=False,
    refuses_other_digests=False,
    refuses_overwrites=True,
    reports_digests=False,
)


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        ("local", ENFORCES_ALL),
        ("flat", ENFORCES_ALL),
        ("seaweedfs", ENFORCES_ALL),
        ("moto", ENFORCES_NOTHING_SIGNED),
    ],
    indirect=["client"],
)
def test_a_store_knows_what_it_enforces_and_leaves_nothing_of_its_trials(client, expected):
    before = sorted(client.store.list())
    assert client.store.capabilities() == expected
    assert sorted(client.store.list()) == before
