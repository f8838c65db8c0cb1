"""Which protocol and version the service speaks, and what older and newer clients are told."""

from __future__ import annotations

from importlib.metadata import version

import pytest

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
    assert answer.status_code == 426
    assert answer.json["success"] is False
    assert "nbexchange 3" in answer.json["note"]
