"""A hub that does not answer, and how long its answers are remembered."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from support.hub.scripted_hub import model, roles

from nbexchange.api.auth import hub_tokens, timeouts
from nbexchange.api.problems import DependencyUnavailable
from nbexchange.demo.servers import free_port

# --- a hub that is unavailable ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        (500, b"{}"),
        (503, b""),
        (429, b"{}"),
        (404, b"no such page"),
        (302, b""),
        (200, b"<html>"),
        (200, b'{"x":' + b"[" * 5000),
        (200, b"{}"),
        (200, b'{"name": "", "kind": "user"}'),
        (200, b'{"name": "ada", "kind": "robot"}'),
        (200, b'{"name": "ada", "kind": "user", "groups": "formgrade-cs1"}'),
    ],
)
def test_an_answer_that_is_none_is_neither_a_refusal_nor_a_permission(hub, who, answer, caplog):
    hub.answers["secret-token"] = answer
    with pytest.raises(DependencyUnavailable) as problem:
        who("secret-token")
    assert (problem.value.status, problem.value.retry_after) == (503, 5)
    assert "secret-token" not in caplog.text
    assert not hub.led_astray


def test_a_hub_that_is_away_is_neither_a_refusal_nor_a_permission(who):
    with pytest.raises(DependencyUnavailable):
        who("t", api_url=f"http://127.0.0.1:{free_port()}/hub/api")


def test_a_hub_that_comes_back_is_asked_again_after_a_moment(hub, who, make):
    hub.answers["t"] = (500, b"")
    authenticator = make()
    authenticator.hub.clock = lambda: now
    now = 0.0
    for _ in range(3):
        with pytest.raises(DependencyUnavailable):
            who("t", authenticator)
    assert hub.asked["t"] == 1
    hub.answers["t"] = model("ada")
    now = 1.1
    assert who("t", authenticator).name == "ada"


def test_while_the_hub_is_silent_one_caller_waits_for_it_and_the_others_are_told_at_once(
    hub, who, make, monkeypatch
):
    monkeypatch.setattr(timeouts, "LONGEST", 0.2)
    authenticator = make()
    hub.open.clear()
    with pytest.raises(DependencyUnavailable):
        who("first", authenticator)
    with ThreadPoolExecutor(8) as pool:
        callers = [pool.submit(who, f"t{number}", authenticator) for number in range(40)]
        assert all(isinstance(caller.exception(), DependencyUnavailable) for caller in callers)
    assert hub.asked.total() < 10
    hub.open.set()
    hub.answers |= {"u": model("ada"), "v": model("ben")}
    assert who("u", authenticator).name == "ada"
    with ThreadPoolExecutor(2) as pool:
        assert {identity.name for identity in pool.map(lambda token: who(token, authenticator), "uv")} == {
            "ada",
            "ben",
        }


# --- the cache ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("accepted", "seconds"), [(True, 60), (False, 5)])
def test_the_hubs_word_holds_for_a_while_and_no_longer(hub, who, make, accepted, seconds):
    if accepted:
        hub.answers["t"] = model("ada", "formgrade-cs1")
    authenticator = make()
    authenticator.hub.clock = lambda: now
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
    assert "secret-token" not in repr(list(authenticator.hub.find_owner.cache.items()))
    assert len(authenticator.hub.find_owner.cache) == 1


def test_the_memory_is_bounded_whatever_tokens_are_made_up(hub, who, make, monkeypatch):
    monkeypatch.setattr(hub_tokens, "CACHE_SIZE", 5)
    hub.answers["t"] = model("ada")
    authenticator = make()
    for number in range(20):
        who("t", authenticator)  # who calls again and again is not forgotten
        who(f"made-up-{number}", authenticator)
    assert len(authenticator.hub.find_owner.cache) == 5
    assert hub.asked["t"] == 1
