"""What the owner of a hub's token is in which course, and whose token is accepted."""

from __future__ import annotations

import pytest
from flask import Flask, request
from support.hub.scripted_hub import SCOPE, model, roles, service_model

from nbexchange.api.problems import AccessScopeMissing, IdentityRefused

# --- roles --------------------------------------------------------------------------------------------------


def test_nbgraders_own_groups_are_understood_out_of_the_box(hub, who):
    hub.answers["t"] = model("ada", "nbgrader-cs1", "formgrade-art-2", "formgrade-", "staff")
    identity = who("t")
    assert (identity.name, identity.org_id) == ("ada", "1")
    assert roles(identity) == {"cs1": "student", "art-2": "instructor"}


@pytest.mark.parametrize("groups", [("nbgrader-cs1", "formgrade-cs1"), ("formgrade-cs1", "nbgrader-cs1")])
def test_the_strongest_role_in_a_course_holds_whatever_the_order(hub, who, groups):
    hub.answers["t"] = model("ada", *groups)
    assert roles(who("t")) == {"cs1": "instructor"}


def test_patterns_name_roles_and_organisations(hub, who):
    patterns = [
        (r"(?P<org>[^/]+)/(?P<course>.+):tutor", "grader"),
        (r"(?P<org>[^/]+)/(?P<course>.+):lecturer", "instructor"),
    ]
    hub.answers["t"] = model("ada", "north/cs1:tutor", "north/cs2:lecturer", "formgrade-cs1", "x/cs3:tutors")
    identity = who("t", group_roles=patterns)
    assert identity.org_id == "north"
    assert roles(identity) == {"cs1": "grader", "cs2": "instructor"}


def test_groups_of_two_organisations_are_refused(hub, who):
    hub.answers["t"] = model("ada", "north/cs1", "south/cs1")
    with pytest.raises(IdentityRefused, match="several organisations"):
        who("t", group_roles=[("(?P<org>[^/]+)/(?P<course>.+)", "student")])


@pytest.mark.parametrize(
    "group", ["formgrade-../x", "formgrade-a/b", "formgrade-" + "x" * 300, "formgrade-\x00"]
)
def test_a_group_whose_course_cannot_be_one_is_left_out(hub, who, group):
    hub.answers["t"] = model("ada", group, "nbgrader-cs1")
    assert roles(who("t")) == {"cs1": "student"}


@pytest.mark.parametrize("name", ["north\\ada", "..", "x" * 300])
def test_one_whose_name_cannot_be_a_folders_is_told_so_and_not_to_come_back(hub, who, name):
    hub.answers["t"] = model(name)
    with pytest.raises(IdentityRefused, match="cannot be used"):
        who("t")


def test_an_administrator_of_the_hub_is_nothing_in_a_course(hub, who):
    hub.answers["t"] = model("root", admin=True)
    assert roles(who("t")) == {}


def test_a_service_is_what_the_settings_say_and_never_a_person_of_its_name(hub, who):
    hub.answers |= {"s": service_model("cs1"), "other": service_model("cs2"), "p": model("service:cs1")}
    settings = {"service_roles": {"cs1": {"cs1": "instructor"}}}
    assert who("s", **settings).name == "service:cs1"
    assert roles(who("s", **settings)) == {"cs1": "instructor"}
    assert roles(who("other", **settings)) == {}
    with pytest.raises(IdentityRefused):
        who("p", **settings)


# --- access -------------------------------------------------------------------------------------------------


def test_nobody_is_who_has_no_token_or_one_that_the_hub_does_not_know(hub, who, make):
    assert who("unknown") is None
    with Flask("x").test_request_context():
        assert make().authenticate(request) is None
    assert hub.asked == {"unknown": 1}


@pytest.mark.parametrize("token", ["t t", "t\x01", "\xe9", "t\x7f"], ids=ascii)
def test_the_hub_is_not_asked_about_what_can_be_no_token(hub, who, token):
    assert who(token) is None
    assert not hub.asked


@pytest.mark.parametrize("scopes", [[], ["access:services!service=other"], ["access:servers!server=ada/"]])
@pytest.mark.parametrize("kind", [model, service_model])
def test_a_token_that_was_given_for_something_else_is_refused_with_the_two_lines_that_help(
    hub, who, kind, scopes
):
    hub.answers["t"] = kind("ada", scopes=scopes)
    with pytest.raises(AccessScopeMissing) as refusal:
        who("t")
    lines = refusal.value.detail.splitlines()
    assert f'"scopes": ["self", "{SCOPE}"]' in lines[1]
    assert lines[2].startswith("c.Spawner.server_token_scopes")
    assert SCOPE in lines[2]
    assert who("t", require_access_scope=False).name.endswith("ada")


@pytest.mark.parametrize("scope", [SCOPE, "access:services"])
def test_either_of_the_access_scopes_lets_in(hub, who, scope):
    hub.answers["t"] = model("ada", scopes=[scope])
    assert who("t").name == "ada"


def test_the_hubs_own_word_for_the_access_scopes_of_a_service_counts(hub, who, monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_OAUTH_ACCESS_SCOPES", '["custom:exchange"]')
    hub.answers["t"] = model("ada", scopes=["custom:exchange"])
    assert who("t").name == "ada"


def test_people_are_told_to_grant_the_exchanges_own_scope_whatever_the_hub_names_first(hub, who, monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_OAUTH_ACCESS_SCOPES", f'["access:services", "{SCOPE}"]')
    hub.answers["t"] = model("ada", scopes=[])
    with pytest.raises(AccessScopeMissing) as refusal:
        who("t")
    assert refusal.value.detail.count(f'"{SCOPE}"') == 2
    assert '"access:services"' not in refusal.value.detail
