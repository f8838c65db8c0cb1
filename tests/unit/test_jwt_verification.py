"""Signed tokens: which are good, and which are refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import time

import jwt
import pytest
from support.people.jwt_callers import ADA, make, who
from support.servers.issuers import AUDIENCE, ISSUER, ec_key, jwks, provider, public_pem, rsa_key, token

from nbexchange.api.problems import DependencyUnavailable

SECRET = "a-secret-of-more-than-32-characters"
LONG_AGO, FAR_AWAY = 1_000_000_000, 10_000_000_000
"""In 2001 and in 2286: tests are collected long before they run."""


def segment(content):
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def by_hand(header, claims, sign=lambda text: b""):
    """A token that no JWT library would make."""
    text = f"{segment(header)}.{segment(claims)}"
    return f"{text}.{base64.urlsafe_b64encode(sign(text.encode())).rstrip(b'=').decode()}"


def good_claims(**others):
    return {"iss": ISSUER, "aud": AUDIENCE, "exp": time.time() + 300, **ADA, **others}


@pytest.mark.parametrize(
    "others",
    [
        {"iss": "https://evil.example.org"},
        {"iss": None},
        {"aud": "another-service"},
        {"aud": ["another-service", "a-third"]},
        {"aud": None},
        {"exp": None},
        {"exp": "never"},
        {"exp": LONG_AGO},
        {"nbf": FAR_AWAY},
        {"iat": FAR_AWAY},
        {"sub": 7},
    ],
    ids=str,
)
def test_a_token_with_wrong_claims_names_nobody(others):
    assert who(make(), token(ADA)).name == "ada"
    assert who(make(), token(ADA, **others)) is None


def test_within_the_leeway_a_clock_may_differ():
    late, early = {"exp": time.time() - 10}, {"nbf": time.time() + 10, "iat": time.time() + 10}
    assert who(make(), token(ADA, **late)).name == "ada"
    assert who(make(), token(ADA, **early)).name == "ada"
    assert who(make(leeway=0), token(ADA, **late)) is None
    assert who(make(leeway=0), token(ADA, **early)) is None


def test_further_claims_can_be_required():
    assert who(make(required_claims=["jti"]), token(ADA)) is None
    assert who(make(required_claims=["jti"]), token(ADA, jti="1")).name == "ada"
    assert who(make(required_claims=["jti"]), token(ADA, jti="1", exp=None)) is None


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "NONE", "nOnE", "", None, 7, [], "HS256", "ES521", "x"]
)
def test_an_unsigned_token_names_nobody(algorithm):
    assert who(make(), by_hand({"alg": algorithm, "kid": "one", "typ": "JWT"}, good_claims())) is None
    assert who(make(), by_hand({"kid": "one"}, good_claims())) is None


@pytest.mark.parametrize("key", [jwks("one"), public_pem(rsa_key("one"))], ids=["set", "pem"])
def test_the_public_key_is_no_secret_to_sign_with(key):
    def sign(text):
        return hmac.new(public_pem(rsa_key("one")).encode(), text, hashlib.sha256).digest()

    authenticator = make(key=key)
    assert who(authenticator, by_hand({"alg": "HS256", "kid": "one"}, good_claims(), sign)) is None
    assert who(authenticator, token(ADA)).name == "ada"


def test_a_token_of_anothers_key_names_nobody_whatever_key_it_names():
    assert who(make(), token(ADA, key=rsa_key("evil"), kid="one")) is None
    assert who(make(), token(ADA, key=rsa_key("evil"), kid="evil")) is None
    assert who(make(key=jwks("one", "two")), token(ADA, key=rsa_key("two"), kid="one")) is None
    assert who(make(), token(ADA, key=rsa_key("one"), kid=None)) is None


def test_a_key_that_the_token_brings_along_is_not_used():
    evil = jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key("evil").public_key(), as_dict=True)
    headers = {"kid": "one", "jwk": evil, "jku": "http://127.0.0.1:1/jwks", "x5u": "http://127.0.0.1:1/x"}
    assert who(make(), jwt.encode(good_claims(), rsa_key("evil"), "RS256", headers=headers)) is None


def test_a_token_of_another_kind_of_key_or_algorithm_names_nobody():
    pem = make(key=public_pem(rsa_key("one")))
    assert who(pem, token(ADA, key=ec_key("ec"), algorithm="ES256")) is None
    assert who(pem, token(ADA, algorithm="PS256")).name == "ada"
    narrow = make(key=public_pem(rsa_key("one")), algorithms=["RS256"])
    assert who(narrow, token(ADA, algorithm="PS256")) is None
    assert who(narrow, token(ADA)).name == "ada"


@pytest.mark.parametrize("part", range(3))
def test_a_token_that_was_changed_names_nobody(part):
    parts = token(ADA).split(".")
    parts[part] = parts[part][:-2] + ("AA" if parts[part][-2:] != "AA" else "BB")
    assert who(make(), ".".join(parts)) is None


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "..",
        "a.b",
        "a.b.c.d",
        "\xe9.\xe9.\xe9",
        "e30.e30.e30",
        f"{segment([])}.{segment({})}.",
        f"{segment({'alg': 'RS256', 'kid': ['one']})}.{segment({})}.AA",
        f"{segment({'alg': 'RS256', 'kid': {}})}.{segment({})}.AA",
        f"{segment({'alg': 'RS256', 'kid': 'one', 'crit': ['x']})}.{segment({})}.AA",
        "A" * 100_000,
        f"{'A' * 50_000}.{'A' * 50_000}.AA",
    ],
    ids=lambda text: text[:12],
)
def test_what_is_no_token_at_all_names_nobody(text):
    assert who(make(), text) is None


def test_a_truncated_token_names_nobody():
    whole = token(ADA)
    assert all(who(make(), whole[:length]) is None for length in range(1, len(whole), 40))


def test_a_refusal_is_logged_without_the_token_and_on_one_line(caplog):
    caplog.set_level(logging.DEBUG)
    expired, made_up = token(ADA, exp=1), by_hand({"alg": "RS256", "crit": ["a\nb"]}, good_claims())
    for text in (expired, made_up, token(ADA, iss="https://evil.example.org")):
        assert who(make(), text) is None
        assert not any(part in caplog.text for part in text.split(".") if part)
    assert "expired" in caplog.text
    assert len(caplog.text.splitlines()) == len(caplog.records) == 3


def test_a_token_signed_with_the_secret_is_good_where_there_is_one():
    authenticator = make(key=SECRET, algorithms=["HS256"])
    assert who(authenticator, token(ADA, key=SECRET, algorithm="HS256")).name == "ada"
    assert who(authenticator, token(ADA, key="x" * 40, algorithm="HS256")) is None
    assert who(authenticator, token(ADA)) is None


def test_a_key_can_be_in_a_file(tmp_path):
    path = tmp_path / "key.pem"
    path.write_text(public_pem(rsa_key("one")))
    assert who(make(key_file=str(path)), token(ADA)).name == "ada"


def test_while_the_issuers_keys_are_away_nobody_is_refused_and_nobody_let_in():
    with provider("one") as issuer:
        issuer.status = 500
        with pytest.raises(DependencyUnavailable) as raised:
            who(make(jwks_url=issuer.url), token(ADA))
        assert raised.value.type == "authentication-unavailable"
        assert raised.value.retry_after


def test_the_issuers_address_is_asked_once_however_many_keys_are_made_up():
    with provider("one") as issuer:
        authenticator = make(jwks_url=issuer.url)
        assert who(authenticator, token(ADA)).name == "ada"
        for number in range(20):
            assert who(authenticator, token(ADA, key=rsa_key("evil"), kid=f"made-up-{number}")) is None
        assert issuer.requests == 1
