"""Where a token is taken from, and the settings of its authenticator."""

from __future__ import annotations

import pytest
from support.people.jwt_callers import ADA, make, who
from support.servers.issuers import AUDIENCE, ISSUER, jwks, token

from nbexchange.api.auth.jwt import JwtAuthenticator
from nbexchange.api.config.build import build_authenticator
from nbexchange.api.config.settings import NbExchange
from nbexchange.shared.section import SettingsError

# --- the header and the cookie -----------------------------------------------------------------------------


def test_a_cookie_counts_only_where_it_is_named():
    cookie = {"Cookie": f"noteable={token(ADA)}"}
    assert who(make(), "", cookie) is None
    assert who(make(cookie="noteable"), "", cookie).name == "ada"
    assert who(make(cookie="other"), "", cookie) is None
    assert who(make(cookie="noteable"), "", {}) is None


def test_a_header_comes_before_the_cookie_even_one_that_is_no_use():
    cookie = {"Cookie": f"noteable={token(ADA)}"}
    ben = token({**ADA, "name": "ben"})
    authenticator = make(cookie="noteable")
    assert who(authenticator, "", {**cookie, "Authorization": f"Bearer {ben}"}).name == "ben"
    for useless in ("Bearer x", "Basic x", "Bearer ", ""):
        assert who(authenticator, "", {**cookie, "Authorization": useless}) is None


# --- settings -----------------------------------------------------------------------------------------------


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
    options = {"issuer": ISSUER, "audience": AUDIENCE, "key": jwks("one"), **settings}
    with pytest.raises(SettingsError, match=said):
        JwtAuthenticator(**options).check()


def test_it_is_chosen_by_its_short_name_and_checked_at_start():
    with pytest.raises(SettingsError, match="issuer is missing"):
        build_authenticator(NbExchange(user_plugin_class="jwt"))
