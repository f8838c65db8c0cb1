"""A provider's keys: when they are fetched, and what holds while they cannot be."""

from __future__ import annotations

import json
import threading
from itertools import count

import jwt
import pytest
from support.servers.issuers import jwk, jwks, private_pem, provider, public_pem, rsa_key

from nbexchange.api.auth import timeouts
from nbexchange.api.auth.keys import (
    ASYMMETRIC,
    COOLDOWN_SECONDS,
    FRESH_SECONDS,
    KEPT_SECONDS,
    NEGATIVE_CACHE_SECONDS,
    KeysUnavailable,
    ProviderKeys,
    read_keys,
)
from nbexchange.shared.section import SettingsError


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def issuer():
    with provider("one") as running:
        yield running


@pytest.fixture
def provider_keys(issuer, clock):
    return ProviderKeys(issuer.url, ASYMMETRIC, clock)


def test_keys_are_fetched_once_and_then_known(issuer, provider_keys):
    for _ in range(5):
        assert provider_keys.find("one").key_id == "one"
    assert issuer.requests == 1


def test_made_up_key_ids_cause_no_requests_before_the_cooldown_is_over(issuer, provider_keys, clock):
    assert provider_keys.find("one")
    for number in range(50):
        assert provider_keys.find(f"made-up-{number}") is None
    assert issuer.requests == 1
    clock.now += COOLDOWN_SECONDS
    for number in range(50):
        assert provider_keys.find(f"made-up-{number}") is None
    assert issuer.requests == 2


def test_a_new_key_is_found_once_the_cooldown_is_over_and_a_withdrawn_one_is_gone(
    issuer, provider_keys, clock
):
    assert provider_keys.find("one")
    issuer.body = jwks("two")
    clock.now += COOLDOWN_SECONDS
    assert provider_keys.find("two").key_id == "two"
    assert provider_keys.find("one") is None


def test_a_withdrawn_key_is_gone_when_the_keys_are_old(issuer, provider_keys, clock):
    assert provider_keys.find("one")
    issuer.body = jwks("two")
    clock.now += FRESH_SECONDS + 1
    assert provider_keys.find("one") is None


def test_callers_at_once_share_one_request(issuer, provider_keys):
    issuer.answering.clear()
    results = []
    threads = [threading.Thread(target=lambda: results.append(provider_keys.find("one"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    issuer.answering.set()
    for thread in threads:
        thread.join()
    assert [key.key_id for key in results] == ["one"] * 8
    assert issuer.requests == 1


def test_one_whose_key_is_known_waits_for_no_fetch(issuer, provider_keys, clock):
    assert provider_keys.find("one")
    clock.now += FRESH_SECONDS + 1
    issuer.answering.clear()
    issuer.asked.clear()
    fetching = threading.Thread(target=provider_keys.find, args=("new",))
    fetching.start()
    assert issuer.asked.wait(60)
    assert provider_keys.find("one").key_id == "one"
    issuer.answering.set()
    fetching.join()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, jwks("one")),
        (404, jwks("one")),
        (302, jwks("one")),
        (200, "<html>"),
        (200, "[" * 5000),
        (200, "[]"),
        (200, "{}"),
        (200, '{"keys": []}'),
        (200, '{"keys": {"one": 1}}'),
        (200, '{"keys": [7]}'),
        (200, json.dumps({"keys": [jwk("one", use="enc")]})),
        (200, json.dumps({"keys": [{"kty": "oct", "kid": "one", "k": "c2VjcmV0"}]})),
        (200, json.dumps({"keys": [{**jwk(None), "kid": ["one"]}]})),
    ],
    ids=count(),  # the keys are others in every process
)
def test_an_answer_without_keys_says_nothing_of_a_token(issuer, provider_keys, status, body):
    issuer.status, issuer.body = status, body
    with pytest.raises(KeysUnavailable):
        provider_keys.find("one")


def test_a_provider_that_is_slow_or_not_there_says_nothing_of_a_token(issuer, clock, monkeypatch):
    monkeypatch.setattr(timeouts, "LONGEST", 0.1)
    issuer.answering.clear()
    with pytest.raises(KeysUnavailable):
        ProviderKeys(issuer.url, ASYMMETRIC, clock).find("one")
    with pytest.raises(KeysUnavailable):
        ProviderKeys("http://127.0.0.1:1/jwks", ASYMMETRIC, clock).find("one")


def test_a_provider_that_failed_is_left_alone_for_a_while_and_then_asked_again(issuer, provider_keys, clock):
    issuer.status = 500
    for _ in range(10):
        with pytest.raises(KeysUnavailable):
            provider_keys.find("one")
    assert issuer.requests == 1
    issuer.status = 200
    clock.now += NEGATIVE_CACHE_SECONDS
    assert provider_keys.find("one")
    assert issuer.requests == 2


def test_while_one_waits_for_a_provider_that_failed_the_others_are_told_at_once(issuer, provider_keys, clock):
    issuer.status = 500
    with pytest.raises(KeysUnavailable):
        provider_keys.find("one")
    clock.now += NEGATIVE_CACHE_SECONDS
    issuer.answering.clear()
    issuer.asked.clear()
    fetching = threading.Thread(target=pytest.raises, args=(KeysUnavailable, provider_keys.find, "one"))
    fetching.start()
    assert issuer.asked.wait(60)
    with pytest.raises(KeysUnavailable):
        provider_keys.find("one")
    assert fetching.is_alive()
    issuer.answering.set()
    fetching.join()


def test_known_keys_hold_for_a_while_when_the_provider_is_away(issuer, provider_keys, clock):
    assert provider_keys.find("one")
    issuer.status = 500
    clock.now += FRESH_SECONDS + 1
    assert provider_keys.find("one").key_id == "one"
    with pytest.raises(KeysUnavailable):  # it may be new
        provider_keys.find("two")
    clock.now += KEPT_SECONDS
    with pytest.raises(KeysUnavailable):
        provider_keys.find("one")
    issuer.status = 200
    clock.now += NEGATIVE_CACHE_SECONDS
    assert provider_keys.find("one")


# --- keys that are given -----------------------------------------------------------------------------------


def test_a_public_key_in_pem_is_taken_for_every_token():
    assert read_keys(public_pem(rsa_key("one")), ASYMMETRIC).find("any") is not None


def test_a_set_of_keys_is_looked_up_by_id_and_a_token_without_one_gets_the_key_without_one():
    provider_keys = read_keys(json.dumps({"keys": [jwk("one"), jwk(None)]}), ASYMMETRIC)
    assert provider_keys.find("one").key_id == "one"
    assert provider_keys.find("two") is None
    assert isinstance(provider_keys.find(None), jwt.PyJWK)
    assert read_keys(jwks("one"), ASYMMETRIC).find(None) is None


def test_a_secret_is_taken_for_its_own_algorithms():
    assert read_keys(f"{'s' * 32}\n", ["HS256"]).find("any") == b"s" * 32


@pytest.mark.parametrize(
    ("text", "algorithms", "said"),
    [
        (private_pem(rsa_key("one")), ASYMMETRIC, "private key"),
        ("s" * 64, ASYMMETRIC, "secret needs algorithms"),
        (public_pem(rsa_key("one")), ["ES256"], "no public key in PEM for ES256"),
        (public_pem(rsa_key("one")), ["HS256"], "any caller could sign"),
        ("s" * 31, ["HS256"], "31 bytes"),
        ("s" * 32, ["HS256", "HS512"], "32 bytes"),
        ("{", ASYMMETRIC, "cannot be used"),
        ('{"keys": []}', ASYMMETRIC, "cannot be used"),
        (jwks("one"), ["ES256"], "no public key"),
        ("", ASYMMETRIC, "no public key"),
    ],
    ids=count(),  # the keys are others in every process
)
def test_a_key_that_does_not_go_with_the_algorithms_is_refused(text, algorithms, said):
    with pytest.raises(SettingsError, match=said):
        read_keys(text, algorithms)


def test_a_private_key_in_a_set_is_refused():
    secret = jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key("one"), as_dict=True)
    with pytest.raises(SettingsError):
        read_keys(json.dumps({"keys": [{**secret, "kid": "one"}]}), ASYMMETRIC)
