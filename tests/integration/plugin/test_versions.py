"""A plugin and a service of different versions: each says what the other should have understood."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
import pytest
import requests
from nbgrader.exchange.abc.exchange import ExchangeError
from support.faults.impostor import impostor

from nbexchange import protocol
from nbexchange.api.http import conventions as web
from nbexchange.plugin import ExchangeList, ExchangeSubmit
from nbexchange.plugin.service.calls import revision_of
from nbexchange.plugin.service.client import Client


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


def test_an_answer_of_a_newer_service_that_is_not_understood_says_why(released, newer_answers):
    newer_answers["GET", "v1/assignments"] = lambda answer: answer.update(assignments="another form")
    with pytest.raises(ExchangeError, match=r"is newer than this plugin .*update nbexchange there"):
        released.ada.run(ExchangeList)


@pytest.mark.parametrize("stated", ["", "one", "-1", "\u0661", "9" * 5000])
def test_a_revision_that_is_none_is_taken_for_ours(stated):
    response = requests.Response()
    response.headers[protocol.PROTOCOL_HEADER] = stated
    assert revision_of(response) == protocol.REVISION


def test_what_a_newer_service_adds_is_ignored(released, newer_answers):
    newer_answers["GET", "v1/assignments"] = lambda answer: answer.update(brand_new=1)
    assert [entry["assignment_id"] for entry in released.ada.run(ExchangeList)] == ["ps1"]


# --- fields that came later --------------------------------------------------------------------------------


class LaterItem(protocol.DownloadItem):
    priority: Annotated[int | None, protocol.since(3)] = None


class LaterDownloads(protocol.Request):
    items: list[LaterItem]
    is_urgent: Annotated[bool, protocol.since(2)] = False
    labels: Annotated[list[str], protocol.since(2)] = []


class LaterQuery(protocol.AssignmentsQuery):
    brand_new: Annotated[int, protocol.since(2)] = 0


LATER = LaterDownloads([LaterItem("release", UUID(int=1), priority=5)], True, ["a"])


@pytest.mark.parametrize(
    ("revision", "later", "in_items"),
    [
        (1, {}, {}),
        (2, {"is_urgent": True, "labels": ["a"]}, {}),
        (3, {"is_urgent": True, "labels": ["a"]}, {"priority": 5}),
    ],
)
def test_a_request_has_the_fields_that_a_service_of_a_revision_knows(revision, later, in_items):
    item = {"kind": "release", "id": str(UUID(int=1)), **in_items}
    assert msgspec.to_builtins(protocol.for_revision(LATER, revision)) == {"items": [item], **later}
    assert LATER.is_urgent is True, "the request itself stays as it is"


def refusal_of_field(released, monkeypatch, revision):
    """What the service says of a query with a field that it does not know, where it states that revision."""
    action = released.ada.make(ExchangeList)
    monkeypatch.setattr(web, "REVISION", revision)
    with released.ada.signed_in(), action.readable_failures():
        action.client._call(
            "GET", "v1/assignments", protocol.Assignments, query=LaterQuery("cs1", brand_new=7)
        )


def test_a_request_is_sent_again_without_the_field_that_an_older_service_does_not_know(
    released, monkeypatch, calls
):
    refusal_of_field(released, monkeypatch, 1)
    assert calls == ["v1/assignments"], "which is no call more for who waits with patience"


def test_a_field_is_not_sent_to_a_service_that_has_stated_that_it_does_not_know_it(monkeypatch):
    headers = {protocol.PROTOCOL_HEADER: "1"}
    with impostor((200, "application/json", b"{}"), headers) as (url, seen):
        client = Client(lambda path: (f"{url}/{path}", {}, {}), 5)
        for _ in range(2):
            client._call("POST", "x", protocol.Health, query=LaterQuery("cs1", brand_new=7), body=LATER)
    assert client.revision == 1
    _, second = seen
    assert second[1] == "/x?course_id=cs1"
    assert b"is_urgent" not in second[3]


def test_a_field_is_sent_to_a_service_that_states_that_it_knows_it(released, monkeypatch):
    with pytest.raises(ExchangeError, match="brand_new"):
        refusal_of_field(released, monkeypatch, 2)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_before_the_service_has_stated_its_revision_it_is_taken_for_ours(method):
    with impostor((200, "application/json", b"{}")) as (url, seen):
        client = Client(lambda path: (f"{url}/{path}", {}, {}), 5)
        for _ in range(2):
            client._call(method, "x", protocol.Health, query=LaterQuery("cs1", brand_new=7), body=LATER)
    assert client.revision == protocol.REVISION
    for _, path, _, body in seen:
        assert path == "/x?course_id=cs1&brand_new=7"
        assert b"is_urgent" in body
        assert b"priority" not in body, "which a later revision has"


def test_fields_that_came_later_have_a_default_and_are_of_a_revision_that_there_is():
    for kind in protocol.wire_types(protocol.Request):
        if kind.__module__.startswith("nbexchange."):
            for field in msgspec.structs.fields(kind):
                revision = protocol.since_of(field)
                assert 1 <= revision <= protocol.REVISION
                assert revision == 1 or not field.required
