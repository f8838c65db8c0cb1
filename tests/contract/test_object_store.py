"""What every object store does with objects, shown on each of them."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urljoin
from uuid import uuid4

from support.stores.object_clients import (
    ALL,
    BODY,
    OTHER,
    S3,
    STRICT,
    on,
    send,
    send_and_hang_up,
    sha256_of,
)

from nbexchange.storage import URL_LIFETIME, SignedRequest

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
    assert send(SignedRequest("HEAD", url, {}, URL_LIFETIME)).status < 500


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
