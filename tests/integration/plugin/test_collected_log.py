"""What the log calls collected: what was downloaded and kept, and nothing that was only asked for."""

from __future__ import annotations

import pytest
from nbgrader.exchange.abc.exchange import ExchangeError

from nbexchange.api.http import conventions
from nbexchange.plugin import ExchangeCollect
from nbexchange.plugin.failures import ServiceUnreachable, StorageFailed
from nbexchange.plugin.service.client import Client
from nbexchange.plugin.transfer.storage import Storage


def logged(people, action):
    answer = people.teacher.get("history", course_id="cs1", action=action)
    return sorted(entry["on_behalf"] for entry in answer.json["actions"])


def test_is_what_was_kept_and_not_what_failed(submitted, people, monkeypatch):
    real = Storage.get

    def fails_for_ada(self, url, headers, target, size, sha256, name):
        if name == "ada":
            raise StorageFailed("The file store is away.")
        return real(self, url, headers, target, size, sha256, name)

    monkeypatch.setattr(Storage, "get", fails_for_ada)
    with pytest.raises(ExchangeError, match="1 failed: ada"):
        submitted.teacher.run(ExchangeCollect, "ps1")
    assert logged(people, "submission_fetched") == ["ada", "ben"]
    assert logged(people, "collected") == ["ben"]
    monkeypatch.setattr(Storage, "get", real)
    submitted.teacher.run(ExchangeCollect, "ps1")
    assert logged(people, "collected") == ["ada", "ben"]


def test_is_told_in_one_call_and_not_where_nothing_is_new(submitted, calls):
    for _ in range(2):
        submitted.teacher.run(ExchangeCollect, "ps1")
    assert calls.count("v1/submissions/collected") == 1


def test_takes_nothing_back_where_it_cannot_be_told(submitted, people, monkeypatch):
    def away(self, ids):
        raise ServiceUnreachable("The service is away.", "request-1")

    monkeypatch.setattr(Client, "note_collected", away)
    submitted.teacher.run(ExchangeCollect, "ps1")
    assert (
        "does not have that these were collected: The service is away. (request request-1)"
        in submitted.teacher.text
    )
    assert submitted.teacher.messages[-1] == "2 new, 0 updated, 0 unchanged"
    assert logged(people, "collected") == []


def test_is_not_told_to_a_service_that_knows_no_such_thing(submitted, calls, monkeypatch):
    monkeypatch.setattr(conventions, "REVISION", 1)
    submitted.teacher.run(ExchangeCollect, "ps1")
    assert "v1/submissions/collected" not in calls
