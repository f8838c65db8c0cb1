"""A proxy that says who is calling: when it is believed, and what of it."""

from __future__ import annotations

import pytest
from flask import Flask, request

from nbexchange.api.auth.proxy import ProxyAuthenticator
from nbexchange.api.config.build import build_authenticator
from nbexchange.api.config.settings import NbExchange
from nbexchange.api.problems import IdentityRefused
from nbexchange.shared.section import SettingsError

SECRET = "0123456789abcdef0123456789abcdef"
NETWORKS = ["10.1.2.0/24", "fd00::/8"]
PROXY = "10.1.2.3"
KEY = {"X-NbExchange-Proxy-Secret": SECRET}
ADA = {"X-Forwarded-User": "ada", "X-Forwarded-Groups": "formgrade-cs1,nbgrader-art"}


def make(**settings):
    authenticator = ProxyAuthenticator(**{"trusted_networks": NETWORKS, "secret": SECRET, **settings})
    authenticator.check()
    return authenticator


def who(authenticator, headers, peer=PROXY):
    origin = {} if peer is None else {"REMOTE_ADDR": peer}
    with Flask("x").test_request_context(headers=headers, environ_overrides=origin):
        if peer is None:
            request.environ.pop("REMOTE_ADDR", None)
        return authenticator.authenticate(request)


# --- who is not believed -----------------------------------------------------------------------------------


@pytest.mark.parametrize("peer", ["10.1.3.3", "127.0.0.1", "::1", "::ffff:10.1.3.3", "", None, "unix:", "x"])
def test_another_peer_is_not_believed_even_with_the_secret(peer):
    assert who(make(), {**KEY, **ADA}).name == "ada"
    assert who(make(), {**KEY, **ADA}, peer) is None


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Host"])
def test_what_a_header_says_of_the_peer_does_not_count(header):
    assert who(make(), {**KEY, **ADA, header: PROXY}, "192.0.2.7") is None
    assert who(make(), {**KEY, **ADA, header: "192.0.2.7"}).name == "ada"


@pytest.mark.parametrize("peer", ["10.1.2.3", "::ffff:10.1.2.3", "fd00::7"])
def test_a_peer_in_a_listed_network_is_believed_in_either_spelling(peer):
    assert who(make(), {**KEY, **ADA}, peer).name == "ada"


@pytest.mark.parametrize(
    "secret", ["", SECRET[:-1], f"{SECRET}x", SECRET.upper(), f"{SECRET},{SECRET}", "\xe9" * 32, None]
)
def test_without_the_secret_nobody_is_believed(secret):
    headers = {} if secret is None else {"X-NbExchange-Proxy-Secret": secret}
    assert who(make(), {**ADA, **headers}) is None


def test_the_secret_counts_in_its_own_header_alone():
    elsewhere = make(secret_header="X-Other")
    assert who(elsewhere, {**ADA, **KEY}) is None
    assert who(elsewhere, {**ADA, "X-Other": SECRET}).name == "ada"
    assert who(make(), {**ADA, "Authorization": f"Bearer {SECRET}"}) is None


@pytest.mark.parametrize("user", [None, "", "  "])
def test_one_whom_the_proxy_does_not_name_is_nobody(user):
    headers = {} if user is None else {"X-Forwarded-User": user}
    assert who(make(), {**KEY, "X-Forwarded-Groups": "formgrade-cs1", **headers}) is None


@pytest.mark.parametrize(
    "name",
    [
        "ada,root",
        "ada, root",
        ",",
        "../ada",
        "a/b",
        "..",
        "\x85",
        "\xff",
        "a\xe2\x80\x8bda",
        "\xc2\xa0ada",
        "<ada",
    ],
)
def test_a_name_that_cannot_be_one_is_refused(name):
    with pytest.raises(IdentityRefused):
        who(make(), {**KEY, "X-Forwarded-User": name})


# --- what is believed --------------------------------------------------------------------------------------


def test_the_groups_give_roles():
    identity = who(make(), {**KEY, **ADA, "X-Forwarded-Email": "ada@example.org", "X-Name": "Ada L"})
    assert (identity.name, identity.org_id) == ("ada", "1")
    assert identity.contact == {"email": "ada@example.org"}
    assert {course_id: course.role for course_id, course in identity.courses.items()} == {
        "cs1": "instructor",
        "art": "student",
    }


@pytest.mark.parametrize(
    "groups",
    [
        "",
        ",",
        " , ",
        "staff",
        "formgrade-",
        "formgrade-a/b",
        "formgrade-cs1 ,x",
        "formgrade-cs1\xc2\xa0",
        "formgrade-<b>",
    ],
)
def test_groups_that_mean_nothing_give_nothing(groups):
    assert who(make(), {**KEY, "X-Forwarded-User": "ada", "X-Forwarded-Groups": groups}).courses == {}
    assert who(make(), {**KEY, "X-Forwarded-User": "ada"}).courses == {}


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize(
    "groups",
    [
        r"x\|formgrade-cs1",
        r"x\|y\|formgrade-cs1",
        r"x\|formgrade-cs1",
        r"x\| formgrade-cs1",
        r"\|formgrade-cs1",
    ],
)
def test_a_separator_in_the_name_of_a_group_makes_no_other_group_of_its_rest(groups, separator):
    headers = {**KEY, "X-Forwarded-User": "ada"}
    sent = f"nbgrader-art|{groups}|nbgrader-cs2".replace("|", separator)
    identity = who(make(groups_separator=separator), {**headers, "X-Forwarded-Groups": sent})
    assert {course_id: entry.role for course_id, entry in identity.courses.items()} == {
        "art": "student",
        "cs2": "student",
    }


def test_a_backslash_elsewhere_in_the_name_of_a_group_means_nothing():
    campus = make(group_roles=[(r"CAMPUS\\(?P<course>.+)", "student")])
    headers = {**KEY, "X-Forwarded-User": "ada", "X-Forwarded-Groups": r"CAMPUS\cs1,CAMPUS\cs2"}
    assert set(who(campus, headers).courses) == {"cs1", "cs2"}


def test_headers_separator_patterns_and_organisation_can_be_others():
    authenticator = make(
        user_header="X-Forwarded-Preferred-Username",
        groups_header="isMemberOf",
        groups_separator=";",
        email_header="",
        full_name_header="displayName",
        group_roles=[("urn:x:(?P<course>[^:]+):staff", "instructor")],
        org_id="law",
    )
    headers = {
        **KEY,
        **ADA,
        "X-Forwarded-Email": "ada@example.org",
        "X-Forwarded-Preferred-Username": "countess",
        "isMemberOf": "urn:x:cs1:staff; urn:x:a,b:staff",
        "displayName": "Ada L",
    }
    identity = who(authenticator, headers)
    assert (identity.name, identity.org_id, set(identity.courses)) == ("countess", "law", {"cs1", "a,b"})
    assert identity.contact == {"full_name": "Ada L"}


@pytest.mark.parametrize("name", ["zoë", "voilà", "à", "Ω"])  # the last byte of "à" is a space in Latin-1
def test_a_name_is_read_as_the_utf_8_that_proxies_send(name):
    assert who(make(), {**KEY, "X-Forwarded-User": name.encode().decode("latin-1")}).name == name


# --- settings ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"trusted_networks": []}, "trusted_networks is empty"),
        ({"trusted_networks": ["10.1.2.3/24"]}, "no network"),
        ({"trusted_networks": ["proxy.example.org"]}, "no network"),
        ({"trusted_networks": [""]}, "no network"),
        ({"trusted_networks": ["0.0.0.0/0"]}, "everybody"),
        ({"trusted_networks": ["10.1.2.0/24", "::/0"]}, "everybody"),
        ({"secret": ""}, "32 characters"),
        ({"secret": "x" * 31}, "32 characters"),
        ({"user_header": "X_Forwarded_User"}, "letters, digits and dashes"),
        ({"user_header": ""}, "letters, digits and dashes"),
        ({"secret_header": ""}, "letters, digits and dashes"),
        ({"email_header": "x-forwarded-user"}, "the same"),
        ({"groups_separator": " "}, "separator"),
        ({"groups_separator": "\\"}, "separator"),
        ({"group_roles": [("formgrade-.*", "instructor")]}, "course"),
    ],
    ids=str,
)
def test_a_setting_that_cannot_work_stops_the_service(settings, said):
    with pytest.raises(SettingsError, match=said):
        make(**settings)


def test_it_is_chosen_by_its_short_name_and_checked_at_start():
    with pytest.raises(SettingsError, match="secret needs"):
        build_authenticator(NbExchange(user_plugin_class="proxy"))
