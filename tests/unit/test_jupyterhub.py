"""A hub's tokens: whose they are, what their owners are in which course, and a hub that does not answer."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
import urllib3
from flask import Flask, request
from support.hub.scripted_hub import SCOPE, model, scripted_hub, service_model
from traitlets import TraitError
from traitlets.config import Config

from nbexchange.api.auth import jupyterhub
from nbexchange.api.auth.jupyterhub import JupyterHubAuthenticator
from nbexchange.api.auth.tokens import StaticTokens
from nbexchange.api.config.section import SettingsError
from nbexchange.api.config.settings import NbExchange
from nbexchange.api.problems import AccessScopeMissing, IdentityRefused, Unavailable


@pytest.fixture
def hub():
    with scripted_hub({}) as hub:
        hub.answers = {}
        yield hub


@pytest.fixture
def make(hub):
    """Makes the authenticator for that hub."""

    def make(**settings):
        settings = {"api_url": hub.api_url, "service_name": "exchange", **settings}
        made = JupyterHubAuthenticator(config=Config(JupyterHubAuthenticator=settings))
        made.check()
        return made

    return make


@pytest.fixture
def who(make):
    """Says whom the authenticator takes the bearer of a token for."""

    def who(token, authenticator=None, **settings):
        with Flask("x").test_request_context(headers={"Authorization": f"token {token}"}):
            return (authenticator or make(**settings)).authenticate(request)

    return who


def roles(identity):
    return {course_id: place.role for course_id, place in identity.courses.items()}


# --- who it is ---------------------------------------------------------------------------------------------


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


# --- who is let in -----------------------------------------------------------------------------------------


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


# --- a hub that does not answer ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        (500, b"{}"),
        (503, b""),
        (429, b"{}"),
        (404, b"no such page"),
        (302, b""),
        (200, b"<html>"),
        (200, b"{}"),
        (200, b'{"name": "", "kind": "user"}'),
        (200, b'{"name": "ada", "kind": "robot"}'),
        (200, b'{"name": "ada", "kind": "user", "groups": "formgrade-cs1"}'),
    ],
)
def test_an_answer_that_is_none_is_neither_a_refusal_nor_a_permission(hub, who, answer, caplog):
    hub.answers["secret-token"] = answer
    with pytest.raises(Unavailable) as problem:
        who("secret-token")
    assert (problem.value.status, problem.value.retry_after) == (503, 5)
    assert "secret-token" not in caplog.text
    assert not hub.led_astray


def test_a_hub_that_is_away_is_neither_a_refusal_nor_a_permission(who):
    with socket.create_server(("127.0.0.1", 0)) as server:
        gone = f"http://127.0.0.1:{server.getsockname()[1]}/hub/api"
    with pytest.raises(Unavailable):
        who("t", api_url=gone)


def test_a_hub_that_comes_back_is_asked_again_after_a_moment(hub, who, make):
    hub.answers["t"] = (500, b"")
    authenticator = make()
    authenticator.clock = lambda: now
    now = 0.0
    for _ in range(3):
        with pytest.raises(Unavailable):
            who("t", authenticator)
    assert hub.asked["t"] == 1
    hub.answers["t"] = model("ada")
    now = 1.1
    assert who("t", authenticator).name == "ada"


def test_while_the_hub_is_silent_one_caller_waits_for_it_and_the_others_are_told_at_once(
    hub, who, make, monkeypatch
):
    monkeypatch.setattr(jupyterhub, "PATIENCE", urllib3.Timeout(0.2))
    authenticator = make()
    hub.open.clear()
    with pytest.raises(Unavailable):
        who("first", authenticator)
    with ThreadPoolExecutor(8) as pool:
        callers = [pool.submit(who, f"t{number}", authenticator) for number in range(40)]
        assert {type(caller.exception()) for caller in callers} == {Unavailable}
    assert hub.asked.total() < 10
    hub.open.set()
    hub.answers |= {"u": model("ada"), "v": model("ben")}
    assert who("u", authenticator).name == "ada"
    with ThreadPoolExecutor(2) as pool:
        assert {known.name for known in pool.map(lambda token: who(token, authenticator), "uv")} == {
            "ada",
            "ben",
        }


# --- memory ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("known", "seconds"), [(True, 60), (False, 5)])
def test_the_hubs_word_holds_for_a_while_and_no_longer(hub, who, make, known, seconds):
    if known:
        hub.answers["t"] = model("ada", "formgrade-cs1")
    authenticator = make()
    authenticator.clock = lambda: now
    now = 0.0
    before = who("t", authenticator)
    hub.answers["t"] = model("ada", "nbgrader-cs1")
    now = seconds - 0.1
    assert who("t", authenticator) == before
    assert hub.asked["t"] == 1
    now = seconds + 0.1
    assert roles(who("t", authenticator)) == {"cs1": "student"}
    assert hub.asked["t"] == 2


def test_the_hub_is_asked_once_about_a_token_that_many_show_at_once(hub, who, make):
    hub.answers |= {"t": model("ada"), "u": model("ben")}
    authenticator = make()
    hub.open.clear()
    with ThreadPoolExecutor(9) as pool:
        many = [pool.submit(who, "t", authenticator) for _ in range(8)]
        another = pool.submit(who, "u", authenticator)
        while hub.asked.total() < 2:  # another token does not wait for this one
            assert not any(asking.done() for asking in many)
        hub.open.set()
        assert {asking.result().name for asking in many} == {"ada"}
        assert another.result().name == "ben"
    assert hub.asked == {"t": 1, "u": 1}


def test_the_memory_holds_no_token(hub, who, make):
    hub.answers["secret-token"] = model("ada")
    authenticator = make()
    who("secret-token", authenticator)
    assert "secret-token" not in repr(list(authenticator.ask.cache.items()))
    assert len(authenticator.ask.cache) == 1


def test_the_memory_is_bounded_whatever_tokens_are_made_up(hub, who, make, monkeypatch):
    monkeypatch.setattr(jupyterhub, "CACHE_SIZE", 5)
    hub.answers["t"] = model("ada")
    authenticator = make()
    for number in range(20):
        who("t", authenticator)  # who calls again and again is not forgotten
        who(f"made-up-{number}", authenticator)
    assert len(authenticator.ask.cache) == 5
    assert hub.asked["t"] == 1


# --- settings ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"api_url": ""}, "set c.JupyterHubAuthenticator.api_url"),
        ({"service_name": ""}, "set c.JupyterHubAuthenticator.service_name"),
        ({"group_roles": [("(?P<course>.+", "student")]}, "is no pair"),
        ({"group_roles": ["x"]}, "is no pair"),
        ({"group_roles": [("x", "student")]}, "has no (?P<course>...)"),
        ({"group_roles": [("(?P<course>.+)", "teacher")]}, "'teacher' is no role"),
        ({"service_roles": {"cs1": {"cs1": "Instructor"}}}, "'Instructor' in service_roles is no role"),
        ({"service_roles": {"cs1": {"cs1": ["grader"]}}}, "['grader'] in service_roles is no role"),
        ({"service_roles": {"cs1": "instructor"}}, "no roles by course for 'cs1'"),
        ({"service_roles": {"cs1": {"a/b": "instructor"}}}, "'a/b' in service_roles cannot be a course"),
        ({"access_scopes": []}, "access_scopes is empty"),
        ({"org_id": ""}, "'' in org_id"),
        ({"org_id": "a/b"}, "'a/b' in org_id"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_the_start(make, settings, sentence):
    with pytest.raises(SettingsError) as refusal:
        make(**settings)
    assert sentence in str(refusal.value)


def test_a_service_of_a_hub_asks_that_hub_without_any_setting(hub, who, monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_SERVICE_NAME", "exchange")
    monkeypatch.setenv("JUPYTERHUB_API_URL", hub.api_url)
    hub.answers["t"] = model("ada")
    settings = NbExchange(ip="0.0.0.0")
    settings.check()
    assert who("t", settings.authenticator()).name == "ada"


@pytest.mark.parametrize("chosen", [None, "tokens", StaticTokens, "nbexchange.api.auth.tokens.StaticTokens"])
def test_an_authenticator_is_chosen_by_class_by_dotted_path_or_by_short_name(chosen):
    assert NbExchange(user_plugin_class=chosen).user_plugin_class is StaticTokens


def test_own_static_tokens_are_used_and_stay_on_loopback_too():
    class OwnTokens(StaticTokens):
        pass

    assert isinstance(NbExchange(user_plugin_class=OwnTokens).authenticator(), OwnTokens)
    with pytest.raises(SettingsError, match="only static tokens"):
        NbExchange(user_plugin_class=OwnTokens, ip="0.0.0.0").check()


def test_a_class_that_would_have_to_be_awaited_is_refused_at_the_start():
    class Awaited:
        async def get_current_user(self, request):
            return None

    with pytest.raises(SettingsError, match="is `async def`"):
        NbExchange(user_plugin_class=Awaited).authenticator()


def test_a_name_that_is_no_authenticators_is_refused():
    with pytest.raises(TraitError):
        NbExchange(user_plugin_class="jupyter")


@pytest.mark.parametrize("missing", ["JUPYTERHUB_SERVICE_NAME", "JUPYTERHUB_API_URL"])
def test_a_users_own_server_is_no_service_of_the_hub(monkeypatch, missing):
    for name in {"JUPYTERHUB_SERVICE_NAME", "JUPYTERHUB_API_URL"} - {missing}:
        monkeypatch.setenv(name, "x")
    assert NbExchange().user_plugin_class.__name__ == "StaticTokens"
