"""A plugin and a service of different versions: each says what the other should have understood."""

from __future__ import annotations

import msgspec
import pytest
import requests
from nbgrader.exchange.abc.exchange import ExchangeError

from nbexchange import protocol
from nbexchange.api.http import conventions as web
from nbexchange.api.http import operations
from nbexchange.plugin import ExchangeList, ExchangeSubmit
from nbexchange.plugin.service.calls import revision_of


@pytest.fixture
def newer_plugin(monkeypatch):
    """A plugin of the next revision; the service, which has learned its own at import, stays as it is."""
    monkeypatch.setattr(protocol, "REVISION", web.REVISION + 1)


def later(released, method, path, **message):
    """A call that this plugin does not make yet."""
    action = released.ada.make(ExchangeList)
    with released.ada.signed_in(), action.readable_failures():
        action.client._call(method, path, protocol.Me, **message)


@pytest.mark.parametrize(
    ("method", "path", "message"),
    [
        ("GET", "v1/brand-new", {}),
        ("GET", "v2/me", {}),
        ("PATCH", "v1/uploads", {}),
        ("GET", "v1/assignments", {"query": {"brand_new": "1"}}),
        ("POST", "v1/uploads/complete", {"body": {"ids": [], "brand_new": 1}}),
    ],
)
def test_what_an_older_service_does_not_know_is_a_matter_of_its_version(
    released, newer_plugin, method, path, message
):
    with pytest.raises(ExchangeError, match=r"is older than this plugin .*update it\. \(request "):
        later(released, method, path, **message)


def test_a_missing_assignment_is_not_mistaken_for_an_older_service(released, newer_plugin):
    with pytest.raises(ExchangeError, match="You have no course 'art'"):
        later(released, "GET", "v1/assignments", query=protocol.AssignmentsQuery("art"))


def test_a_newer_plugin_does_its_work_with_an_older_service(released, newer_plugin):
    released.ada.write("ps1/p1.ipynb")
    released.ada.run(ExchangeSubmit, "ps1")


def test_a_plugin_that_is_too_old_is_told_to_be_updated(released, monkeypatch):
    monkeypatch.setattr(web, "OLDEST_REVISION", protocol.REVISION + 1)
    released.ada.write("ps1/p1.ipynb")
    with pytest.raises(ExchangeError, match=r"older protocol .* update nbexchange there\. \(request "):
        released.ada.run(ExchangeSubmit, "ps1")


def test_an_answer_of_a_newer_service_that_is_not_understood_says_why(released, monkeypatch):
    class Changed(msgspec.Struct):
        assignments: str

    monkeypatch.setattr(web, "REVISION", protocol.REVISION + 1)
    monkeypatch.setattr(
        "nbexchange.api.assignments.listing.list_assignments", lambda *_: Changed("another form")
    )
    with pytest.raises(ExchangeError, match=r"is newer than this plugin .*update nbexchange there"):
        released.ada.run(ExchangeList)


@pytest.mark.parametrize("stated", ["", "one", "-1", "\u0661", "9" * 5000])
def test_a_revision_that_is_none_is_taken_for_ours(stated):
    response = requests.Response()
    response.headers[protocol.PROTOCOL_HEADER] = stated
    assert revision_of(response) == protocol.REVISION


def test_what_a_newer_service_adds_is_ignored(released, monkeypatch):
    class Grown(protocol.Assignments):
        brand_new: int = 1

    real = operations.reply
    monkeypatch.setattr(
        "nbexchange.api.http.operations.reply",
        lambda answer, *rest: real(
            Grown(answer.assignments, answer.server_time) if type(answer) is protocol.Assignments else answer,
            *rest,
        ),
    )
    assert [entry["assignment_id"] for entry in released.ada.run(ExchangeList)] == ["ps1"]
