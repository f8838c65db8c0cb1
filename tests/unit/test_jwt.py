"""Signed tokens: which are good, where they are taken from, and whom they name."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import time

import jwt
import pytest
from flask import Flask, request
from support.issuers import AUDIENCE, ISSUER, ec_key, jwks, provider, public_pem, rsa_key, token

from nbexchange.api.auth.jwt import JwtAuthenticator
from nbexchange.api.config.build import build_authenticator
from nbexchange.api.config.settings import NbExchange
from nbexchange.api.problems import IdentityRefused, Unavailable
from nbexchange.shared.section import SettingsError

ADA = {"name": "ada", "course_id": "cs1", "course_role": "Student", "org_id": 3}
SECRET = "a-secret-of-more-than-32-characters"
LTI = "https://purl.imsglobal.org/spec/lti/claim/"
LONG_AGO, FAR_AWAY = 1_000_000_000, 10_000_000_000
"""In 2001 and in 2286: tests are collected long before they run."""
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"


def made(**settings):
    """An authenticator that knows the key `one`, unless the settings say otherwise."""
    if not settings.keys() & {"key", "key_file", "jwks_url"}:
        settings["key"] = jwks("one")
    authenticator = JwtAuthenticator(issuer=ISSUER, audience=AUDIENCE, **settings)
    authenticator.check()
    return authenticator


def who(authenticator, text, headers=None):
    given = {"Authorization": f"Bearer {text}"} if headers is None else headers
    with Flask("x").test_request_context(headers=given):
        return authenticator.authenticate(request)


def segment(content):
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def by_hand(header, claims, sign=lambda text: b""):
    """A token as nobody's library would make it."""
    text = f"{segment(header)}.{segment(claims)}"
    return f"{text}.{base64.urlsafe_b64encode(sign(text.encode())).rstrip(b'=').decode()}"


def good_claims(**others):
    return {"iss": ISSUER, "aud": AUDIENCE, "exp": time.time() + 300, **ADA, **others}


# --- what is no token --------------------------------------------------------------------------------------


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
def test_a_token_with_wrong_claims_is_nobodys(others):
    assert who(made(), token(ADA)).name == "ada"
    assert who(made(), token(ADA, **others)) is None


def test_within_the_leeway_a_clock_may_differ():
    late, early = {"exp": time.time() - 10}, {"nbf": time.time() + 10, "iat": time.time() + 10}
    assert who(made(), token(ADA, **late)).name == "ada"
    assert who(made(), token(ADA, **early)).name == "ada"
    assert who(made(leeway=0), token(ADA, **late)) is None
    assert who(made(leeway=0), token(ADA, **early)) is None


def test_further_claims_can_be_required():
    assert who(made(required_claims=["jti"]), token(ADA)) is None
    assert who(made(required_claims=["jti"]), token(ADA, jti="1")).name == "ada"
    assert who(made(required_claims=["jti"]), token(ADA, jti="1", exp=None)) is None


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "NONE", "nOnE", "", None, 7, [], "HS256", "ES521", "x"]
)
def test_an_unsigned_token_is_nobodys(algorithm):
    assert who(made(), by_hand({"alg": algorithm, "kid": "one", "typ": "JWT"}, good_claims())) is None
    assert who(made(), by_hand({"kid": "one"}, good_claims())) is None


@pytest.mark.parametrize("key", [jwks("one"), public_pem(rsa_key("one"))], ids=["set", "pem"])
def test_the_public_key_is_no_secret_to_sign_with(key):
    def sign(text):
        return hmac.new(public_pem(rsa_key("one")).encode(), text, hashlib.sha256).digest()

    authenticator = made(key=key)
    assert who(authenticator, by_hand({"alg": "HS256", "kid": "one"}, good_claims(), sign)) is None
    assert who(authenticator, token(ADA)).name == "ada"


def test_a_token_of_anothers_key_is_nobodys_whatever_key_it_names():
    assert who(made(), token(ADA, key=rsa_key("evil"), kid="one")) is None
    assert who(made(), token(ADA, key=rsa_key("evil"), kid="evil")) is None
    assert who(made(key=jwks("one", "two")), token(ADA, key=rsa_key("two"), kid="one")) is None
    assert who(made(), token(ADA, key=rsa_key("one"), kid=None)) is None


def test_a_key_that_the_token_brings_along_is_not_used():
    evil = jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key("evil").public_key(), as_dict=True)
    headers = {"kid": "one", "jwk": evil, "jku": "http://127.0.0.1:1/jwks", "x5u": "http://127.0.0.1:1/x"}
    assert who(made(), jwt.encode(good_claims(), rsa_key("evil"), "RS256", headers=headers)) is None


def test_a_token_of_another_kind_of_key_or_algorithm_is_nobodys():
    pem = made(key=public_pem(rsa_key("one")))
    assert who(pem, token(ADA, key=ec_key("ec"), algorithm="ES256")) is None
    assert who(pem, token(ADA, algorithm="PS256")).name == "ada"
    narrow = made(key=public_pem(rsa_key("one")), algorithms=["RS256"])
    assert who(narrow, token(ADA, algorithm="PS256")) is None
    assert who(narrow, token(ADA)).name == "ada"


@pytest.mark.parametrize("part", range(3))
def test_a_token_that_was_changed_is_nobodys(part):
    parts = token(ADA).split(".")
    parts[part] = parts[part][:-2] + ("AA" if parts[part][-2:] != "AA" else "BB")
    assert who(made(), ".".join(parts)) is None


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
def test_what_is_no_token_at_all_is_nobodys(text):
    assert who(made(), text) is None


def test_a_truncated_token_is_nobodys():
    whole = token(ADA)
    assert all(who(made(), whole[:length]) is None for length in range(1, len(whole), 40))


def test_a_refusal_is_logged_without_the_token_and_on_one_line(caplog):
    caplog.set_level(logging.DEBUG)
    expired, made_up = token(ADA, exp=1), by_hand({"alg": "RS256", "crit": ["a\nb"]}, good_claims())
    for text in (expired, made_up, token(ADA, iss="https://evil.example.org")):
        assert who(made(), text) is None
        assert not any(part in caplog.text for part in text.split(".") if part)
    assert "expired" in caplog.text
    assert len(caplog.text.splitlines()) == len(caplog.records) == 3


def test_a_token_signed_with_the_secret_is_good_where_there_is_one():
    authenticator = made(key=SECRET, algorithms=["HS256"])
    assert who(authenticator, token(ADA, key=SECRET, algorithm="HS256")).name == "ada"
    assert who(authenticator, token(ADA, key="x" * 40, algorithm="HS256")) is None
    assert who(authenticator, token(ADA)) is None


def test_a_key_can_be_in_a_file(tmp_path):
    place = tmp_path / "key.pem"
    place.write_text(public_pem(rsa_key("one")))
    assert who(made(key_file=str(place)), token(ADA)).name == "ada"


def test_while_the_issuers_keys_are_away_nobody_is_refused_and_nobody_let_in():
    with provider("one") as issuer:
        issuer.status = 500
        with pytest.raises(Unavailable) as raised:
            who(made(jwks_url=issuer.url), token(ADA))
        assert raised.value.to_wire().type == "authentication-unavailable"
        assert raised.value.retry_after


def test_the_issuers_address_is_asked_once_however_many_keys_are_made_up():
    with provider("one") as issuer:
        authenticator = made(jwks_url=issuer.url)
        assert who(authenticator, token(ADA)).name == "ada"
        for number in range(20):
            assert who(authenticator, token(ADA, key=rsa_key("evil"), kid=f"made-up-{number}")) is None
        assert issuer.requests == 1


# --- where it is -------------------------------------------------------------------------------------------


def test_a_cookie_counts_only_where_it_is_named():
    cookie = {"Cookie": f"noteable={token(ADA)}"}
    assert who(made(), "", cookie) is None
    assert who(made(cookie="noteable"), "", cookie).name == "ada"
    assert who(made(cookie="other"), "", cookie) is None
    assert who(made(cookie="noteable"), "", {}) is None


def test_a_header_comes_before_the_cookie_even_one_that_is_no_use():
    cookie = {"Cookie": f"noteable={token(ADA)}"}
    ben = token({**ADA, "name": "ben"})
    authenticator = made(cookie="noteable")
    assert who(authenticator, "", {**cookie, "Authorization": f"Bearer {ben}"}).name == "ben"
    for useless in ("Bearer x", "Basic x", "Bearer ", ""):
        assert who(authenticator, "", {**cookie, "Authorization": useless}) is None


@pytest.mark.parametrize(
    "sent",
    [
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://hub.example.org"},
        {"Origin": "null"},
        {"Referer": "https://hub.example.org/user/mallory/lab"},
        {"Accept-Language": "en"},
        {"Accept-Language": ""},
    ],
    ids=str,
)
def test_a_browsers_cookie_identifies_nobody_but_its_header_does(sent):
    authenticator = made(cookie="noteable")
    assert who(authenticator, "", {"Cookie": f"noteable={token(ADA)}", **sent}) is None
    assert who(authenticator, "", {"Authorization": f"Bearer {token(ADA)}", **sent}).name == "ada"


# --- whom it names -----------------------------------------------------------------------------------------


def test_the_claims_of_existing_installations_name_a_course_and_a_role():
    contact = {"full_name": "Ada L", "email": "ada@example.org", "lms_user_id": 7}
    found = who(made(), token({**ADA, **contact, "course_role": "Instructor", "course_title": "Computing"}))
    assert (found.name, found.org_id) == ("ada", "3")
    assert found.contact == {"full_name": "Ada L", "email": "ada@example.org", "lms_user_id": "7"}
    assert found.teaches("cs1")
    assert found.courses["cs1"].title == "Computing"


@pytest.mark.parametrize("word", ["Student", "Administrator", "TeachingAssistant", "instructors", "root"])
def test_an_unknown_word_for_a_role_is_a_student(word):
    found = who(made(), token({**ADA, "course_role": word}))
    assert found.has_role("student", "cs1")
    assert not found.has_role("grader", "cs1")


def test_an_instructor_of_another_course_is_none_here():
    courses = [
        {"course_id": "cs1", "course_role": "Student"},
        {"course_id": "cs2", "course_role": "Instructor"},
    ]
    found = who(made(), token({"name": "ada", "courses": courses}))
    assert not found.teaches("cs1")
    assert found.teaches("cs2")


def test_groups_give_roles_and_the_display_name_is_no_name():
    groups = ["formgrade-cs1", "nbgrader-art", "staff", 7, None]
    claims = {"preferred_username": "ada", "name": "root", "email": "ada@example.org", "groups": groups}
    found = who(made(shape="groups"), token(claims))
    assert (found.name, found.full_name, found.org_id) == ("ada", "root", "1")
    assert {course_id: place.role for course_id, place in found.courses.items()} == {
        "cs1": "instructor",
        "art": "student",
    }


def test_one_without_the_claim_that_names_people_is_refused_whatever_else_they_are_called():
    with pytest.raises(IdentityRefused):
        who(made(shape="groups"), token(name="ada", email="ada@example.org", groups=["formgrade-cs1"]))


def test_groups_can_be_elsewhere_in_other_patterns_and_name_the_organisation():
    authenticator = made(
        shape="groups",
        claims={"groups": "resource_access.exchange.roles", "name": "sub"},
        group_roles=[("/(?P<org>[^/]+)/(?P<course>[^/]+)/teachers", "instructor")],
    )
    access = {"exchange": {"roles": ["/law/cs1/teachers", "nbgrader-art"]}}
    found = who(authenticator, token(sub="ada", resource_access=access))
    assert (found.name, found.org_id, list(found.courses)) == ("ada", "law", ["cs1"])
    two = {"exchange": {"roles": ["/law/cs1/teachers", "/art/cs1/teachers"]}}
    with pytest.raises(IdentityRefused):
        who(authenticator, token(sub="ada", resource_access=two))


@pytest.mark.parametrize("groups", [None, 7, {}, {"formgrade-cs1": True}, []], ids=str)
def test_groups_that_are_no_list_give_nothing(groups):
    assert who(made(shape="groups"), token(preferred_username="ada", groups=groups)).courses == {}


def launch(roles, **others):
    return token(
        {
            "sub": "u-1",
            "name": "Ada L",
            "email": "ada@example.org",
            f"{LTI}context": {"id": "c7", "label": "CS1", "title": "Computing"},
            f"{LTI}roles": roles,
            **others,
        }
    )


def test_an_lti_launch_names_its_course_and_the_role_in_it():
    found = who(made(shape="lti"), launch([f"{MEMBERSHIP}#Instructor"]))
    assert (found.name, found.full_name, found.lms_user_id) == ("u-1", "Ada L", "u-1")
    assert found.teaches("c7")
    assert found.courses["c7"].title == "Computing"


def test_an_assistant_by_lti_is_a_grader_and_a_lecturer_enrolled_as_learner_is_a_student():
    assistant = [f"{MEMBERSHIP}#Instructor", f"{MEMBERSHIP}/Instructor#TeachingAssistant"]
    found = who(made(shape="lti"), launch(assistant))
    assert found.grades("c7")
    assert not found.teaches("c7")
    lecturer = [
        f"{MEMBERSHIP}#Learner",
        "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor",
    ]
    assert not who(made(shape="lti"), launch(lecturer)).grades("c7")


def test_a_launch_outside_of_any_course_is_in_none():
    assert (
        who(made(shape="lti"), launch([f"{MEMBERSHIP}#Instructor"], **{f"{LTI}context": None})).courses == {}
    )


@pytest.mark.parametrize(
    "claims",
    [
        {"name": "../ada"},
        {"name": ""},
        {"name": ["ada"]},
        {"course_id": "a/b"},
        {"course_id": {}},
        {"course_role": None},
        {"org_id": ".."},
        {"courses": "cs1"},
    ],
    ids=str,
)
def test_a_good_token_that_makes_no_identity_is_refused_and_not_tried_again(claims):
    with pytest.raises(IdentityRefused):
        who(made(), token({**ADA, **claims}))


# --- settings ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"issuer": ""}, "issuer is missing"),
        ({"audience": ""}, "audience is missing"),
        ({"key": ""}, "one of jwks_url, key_file and key"),
        ({"jwks_url": "https://a.example.org/jwks"}, "one of jwks_url, key_file and key"),
        ({"key": "", "jwks_url": "file:///etc/passwd"}, "jwks_url is no address"),
        ({"key": "", "jwks_url": "https:///jwks"}, "jwks_url is no address"),
        ({"key": "", "key_file": "/nowhere/key.pem"}, "key_file cannot be read"),
        ({"key": "", "jwks_url": "https://a.example.org/jwks", "algorithms": ["HS256"]}, "public key, or"),
        ({"algorithms": ["RS256", "HS256"]}, "public key, or"),
        ({"algorithms": []}, "public key, or"),
        ({"algorithms": ["none"]}, "'none' is no algorithm"),
        ({"claims": {"nmae": "sub"}}, "'nmae'"),
        ({"group_roles": [("formgrade-.*", "instructor")]}, "course"),
        ({"cookie": "a b"}, "cookie's name"),
    ],
    ids=str,
)
def test_a_setting_that_cannot_work_stops_the_service(settings, said):
    given = {"issuer": ISSUER, "audience": AUDIENCE, "key": jwks("one"), **settings}
    with pytest.raises(SettingsError, match=said):
        JwtAuthenticator(**given).check()


def test_it_is_chosen_by_its_short_name_and_checked_at_start():
    with pytest.raises(SettingsError, match="issuer is missing"):
        build_authenticator(NbExchange(user_plugin_class="jwt"))
