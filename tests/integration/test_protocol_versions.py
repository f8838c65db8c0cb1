"""Which protocol and version the service speaks, and what older and newer clients are told."""

from __future__ import annotations

from importlib.metadata import version

import pytest
from support.servers.in_process import app_of

from nbexchange import protocol
from nbexchange.api.http import conventions as web
from nbexchange.api.http.routes import former


def test_every_answer_says_which_protocol_and_version_the_service_speaks(people):
    for answer in (people.ada.get("me"), people.nobody.get("me"), people.nobody.get("/nowhere")):
        assert answer.headers["NBExchange-Protocol"] == str(protocol.REVISION)
        assert answer.headers["NBExchange-Version"] == version("nbexchange")


def test_a_client_that_would_not_understand_is_told_so_before_anything_happens(people, monkeypatch):
    monkeypatch.setattr(web, "OLDEST_REVISION", protocol.REVISION + 1)
    headers = {"NBExchange-Protocol": str(protocol.REVISION)}
    answer = people.ada.call("GET", "me", headers=headers)
    assert (answer.status_code, answer.json["type"]) == (426, "client-too-old")
    assert version("nbexchange") in answer.json["detail"]
    assert people.ada.get("me").status_code == 200  # a client that sends no revision is answered


@pytest.mark.parametrize("revision", ["", "one", "-1", "1.5", "9" * 7])
def test_a_revision_that_is_no_number_is_refused(people, revision):
    answer = people.ada.call("GET", "me", headers={"NBExchange-Protocol": revision})
    assert answer.status_code == 400


def test_a_newer_client_is_served_as_far_as_it_is_understood(people):
    headers = {"NBExchange-Protocol": str(protocol.REVISION + 1)}
    assert people.ada.call("GET", "me", headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/v2/me", "/v1/brand-new", "v1"])
def test_a_route_that_this_service_does_not_have_is_not_a_thing_that_is_missing(people, path):
    assert people.ada.get(path).json["type"] == "unknown-route"


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("route", former.ROUTES)
def test_the_plugin_of_nbexchange_2_is_told_in_the_form_that_it_shows(people, route, method):
    answer = people.ada.call(method, f"/{route}")
    assert (answer.status_code, answer.content_type) == (426, "application/json")
    assert answer.json["success"] is False
    assert "nbexchange 3" in answer.json["note"]
    assert answer.json["value"] == [], "its lists take it without asking for success"
    assert "feedback" not in answer.json, "it would take that for feedback, and show no note"


def test_a_person_who_opens_the_service_reads_what_it_is_and_nobody_else_gets_a_page(people):
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": "en"}
    page = people.nobody.call("GET", "/", headers=browser)
    assert (page.status_code, page.content_type) == (200, "text/html; charset=utf-8")
    assert f"nbexchange {version('nbexchange')}" in page.text
    for accept in ("*/*", "text/*", "application/json", ""):
        answer = people.nobody.call("GET", "/", headers={"Accept": accept})
        assert (answer.status_code, answer.json["value"]) == (426, [])
    assert people.nobody.call("GET", "/assignments", headers=browser).status_code == 426
    assert people.nobody.call("POST", "/", headers=browser).status_code == 426


@pytest.mark.parametrize("base_url", ["/", "/services/nbexchange/"])
def test_the_root_of_the_service_is_reached_with_and_without_its_last_slash(services, base_url):
    client = app_of(services, base_url).test_client()
    for path in {base_url, base_url.rstrip("/") or "/"}:
        assert client.get(path).status_code == 426
    assert client.get("/healthz").json == {"status": "ok"}
