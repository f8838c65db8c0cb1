"""Signed URLs and the temporary credentials that sign them, which end and are renewed."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from botocore.credentials import RefreshableCredentials
from support.stores.object_clients import BODY, S3_PARAMETERS, StoreClient, parameter, send
from support.stores.temporary_credentials import assume_role

from nbexchange.storage import URL_LIFETIME, StoreUnavailable
from nbexchange.storage.s3 import S3Store
from nbexchange.storage.s3_signer import CLOCK_SKEW

ENDED = "the credentials for the object store have ended"


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Where credentials come from: boto3 runs a command for them, which prints what was put there last."""
    answer = tmp_path / "credentials.json"
    config = tmp_path / "config"
    config.write_text(
        f"[default]\ncredential_process = {sys.executable} -c \"print(open('{answer}').read())\"\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def give(name, lifetime, secret="told-to-nobody", token="a-session"):
        end = datetime.now(UTC) + lifetime
        credentials = {"Version": 1, "AccessKeyId": name, "SecretAccessKey": secret, "SessionToken": token}
        answer.write_text(json.dumps({**credentials, "Expiration": end.isoformat()}))
        return end

    give.stop = answer.unlink
    return give


def store():
    s3_store = S3Store("bucket", endpoint_url="http://127.0.0.1:9", public_endpoint_url="http://localhost:9")
    assert isinstance(s3_store.credentials, RefreshableCredentials)
    return s3_store


def sign(store, lifetime=URL_LIFETIME):
    """Both kinds of URL; each says when it ends, and means it."""
    upload = store.sign_put("key", size=1, sha256="0" * 64, lifetime=lifetime)
    download = store.sign_get("key", filename="work.tar.gz", lifetime=lifetime)
    for request in (upload, download):
        assert request.lifetime == timedelta(seconds=int(parameter(request, "X-Amz-Expires")))
    assert upload.lifetime - download.lifetime <= timedelta(seconds=1)
    return upload


def key_of(request):
    return parameter(request, "X-Amz-Credential").split("/")[0]


def test_a_url_lives_as_long_as_asked_for_where_the_credentials_do(source):
    source("first", timedelta(hours=1))
    assert sign(store()).lifetime == URL_LIFETIME


def test_a_url_ends_before_the_credentials_where_no_newer_ones_are_to_be_had(source):
    end = source("first", timedelta(minutes=12))
    request = sign(store())
    assert request.lifetime <= end - CLOCK_SKEW - datetime.now(UTC) + timedelta(seconds=5)
    assert key_of(request) == "first"


def test_credentials_that_end_soon_are_renewed_before_they_sign(source):
    source("first", timedelta(minutes=12))
    s3_store = store()
    source("second", timedelta(hours=1))
    request = sign(s3_store)
    assert request.lifetime == URL_LIFETIME
    assert key_of(request) == "second"


def test_credentials_sign_on_while_their_source_is_away_and_they_last(source):
    end = source("first", timedelta(minutes=12))
    s3_store = store()
    source.stop()
    assert sign(s3_store).lifetime <= end - CLOCK_SKEW - datetime.now(UTC) + timedelta(seconds=5)


@pytest.mark.parametrize("minutes", [-1, 5])
def test_nothing_is_signed_or_asked_when_the_source_is_away_and_the_credentials_end(source, minutes):
    source("first", timedelta(minutes=minutes))
    s3_store = store()
    source.stop()
    refused(s3_store, "CredentialRetrievalError")


def test_nothing_is_signed_or_asked_with_credentials_that_have_ended(source):
    source("first", timedelta(minutes=-1))
    refused(store(), ENDED)


def refused(store, word):
    for ask in (
        lambda: sign(store),
        lambda: store.stat("key"),
        store.ready,
    ):
        with pytest.raises(StoreUnavailable, match=word) as failure:
            ask()
        assert "told-to-nobody" not in str(failure.value)


def test_a_url_that_temporary_credentials_sign_is_good(source, s3_server, monkeypatch):
    for name, value in s3_server.environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    S3Store("temporary", endpoint_url=s3_server.endpoint_url).create()
    lent = assume_role(s3_server)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    source(
        lent["AccessKeyId"],
        timedelta(minutes=12),
        lent["SecretAccessKey"],
        lent["SessionToken"],
    )
    store = S3Store("temporary", endpoint_url=s3_server.endpoint_url)
    client = StoreClient(store, S3_PARAMETERS, s3_server.endpoint_url)
    request = client.sign_put("key", BODY)
    assert "X-Amz-Security-Token" in urlsplit(request.url).query
    assert send(client.forged(request), BODY).status == 403
    assert send(request, BODY).status == 200
    assert store.stat("key").size == len(BODY)
