"""What every attack of `ada` meets: the stores, people over HTTP, and the work of others."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import urljoin

import pytest
from support.people.callers import SERVICE, archive_item
from support.people.http_clients import HttpClient
from support.stores.object_clients import own_s3_store

from nbexchange.storage import URL_LIFETIME, SignedRequest
from nbexchange.storage.local import LocalStore


@pytest.fixture
def store(request, tmp_path, monkeypatch):
    """The store that the test names; a directory unless it does."""
    if getattr(request, "param", "local") == "local":
        return LocalStore(tmp_path / "store")
    return own_s3_store(request.getfixturevalue("s3_server"), monkeypatch)


@pytest.fixture
def people(people, store, request):
    """The same, over real HTTP where the store is not the service's own."""
    if isinstance(store, LocalStore):
        return people
    client = HttpClient([request.getfixturevalue("live_url")])
    return SimpleNamespace(**{name: replace(who, client=client) for name, who in vars(people).items()})


@pytest.fixture
def wire(live_url):
    """Makes a request of a granted URL, to be sent as it is or tampered with."""

    def request(method, granted):
        url = urljoin(live_url + SERVICE, granted["url"])
        return SignedRequest(method, url, granted["headers"], URL_LIFETIME)

    return request


@pytest.fixture
def theirs(released):
    """What others have: ben's submission, the feedback on it, and an upload that he has not finished."""
    submission = released.ben.submit(b"ben's work")
    feedback = released.teacher.give_feedback(submission, b"for ben")
    pending = archive_item(b"ben's next")
    (granted,) = released.ben.begin("submission", pending)
    return SimpleNamespace(submission=submission, feedback=feedback, pending=pending, granted=granted)
