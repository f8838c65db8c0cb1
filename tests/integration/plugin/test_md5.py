"""Stores that enforce an MD5 and no SHA-256: the service asks for one, and plugins that know no such thing go on."""

from __future__ import annotations

import hashlib
from uuid import uuid4

import pytest
import requests
from support.people.callers import archive_item, outcome
from support.people.classroom import make_feedback, notebook_of

from nbexchange.plugin import ExchangeCollect, ExchangeFetchFeedback, ExchangeReleaseFeedback, ExchangeSubmit
from nbexchange.plugin.transfer import transfers
from nbexchange.plugin.transfer.storage import Storage
from nbexchange.storage.s3 import S3Store

pytestmark = pytest.mark.xdist_group("s3")

BODY = b"work"


@pytest.fixture
def store(s3_server, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.secret_key)
    store = S3Store(s3_server.name, prefix=f"{uuid4()}/", endpoint_url=s3_server.endpoint_url, wants_md5=True)
    store.create()
    return store


@pytest.fixture
def sent(monkeypatch):
    """The headers of each upload."""
    real, sent = Storage.put, []

    def put(self, url, headers, *rest):
        sent.append(headers)
        return real(self, url, headers, *rest)

    monkeypatch.setattr(Storage, "put", put)
    return sent


def test_a_plugin_signs_and_sends_one_and_everything_arrives(submitted, sent):
    submitted.teacher.run(ExchangeCollect, "ps1")
    assert notebook_of(submitted) == b"work of ada"
    for student in ("ada", "ben"):
        make_feedback(submitted.teacher, student, text=f"good, {student}")
    sent.clear()
    submitted.teacher.run(ExchangeReleaseFeedback, "ps1")
    assert [set(headers) & {"content-md5"} for headers in sent] == [{"content-md5"}] * 2
    submitted.ada.run(ExchangeFetchFeedback, "ps1")
    assert list(submitted.ada.files("ps1/feedback").values()) == [b"good, ada"]


def test_a_renewed_url_is_for_the_same_md5(released, sent, monkeypatch):
    released.ada.write("ps1/p1.ipynb")
    refused = iter([True])
    put = Storage.put

    def refusing_once(self, url, headers, *rest):
        put(self, url if not next(refused, False) else f"{url}x", headers, *rest)

    monkeypatch.setattr(Storage, "put", refusing_once)
    released.ada.run(ExchangeSubmit, "ps1")
    first, second = [headers["content-md5"] for headers in sent]
    assert first == second


def test_a_plugin_that_knows_nothing_of_it_submits_as_before(released, sent, monkeypatch):
    monkeypatch.setattr(
        transfers.Transfer, "_announce", lambda self, batch, _: (batch, self._initiate(batch))
    )
    released.ada.write("ps1/p1.ipynb")
    released.ada.run(ExchangeSubmit, "ps1")
    assert "content-md5" not in sent[-1]


def test_a_machine_that_forbids_md5_submits_without(released, sent, monkeypatch):
    def forbidden(**_):
        raise ValueError("disabled for FIPS")

    monkeypatch.setattr("hashlib.md5", forbidden)
    released.ada.write("ps1/p1.ipynb")
    released.ada.run(ExchangeSubmit, "ps1")
    assert "content-md5" not in sent[-1]


class TestAnItemThatIsSentAgainWithAnMd5:
    def test_is_the_same_upload(self, people):
        item = archive_item(BODY)
        (plain,) = people.teacher.begin("release", item)
        assert plain["wants_md5"]
        md5 = hashlib.md5(BODY, usedforsecurity=False).hexdigest()
        (again,) = people.teacher.begin("release", {**item, "md5": md5})
        assert "wants_md5" not in again
        assert again["url"].partition("?")[0] == plain["url"].partition("?")[0]
        assert "content-md5" in again["headers"]

    @pytest.mark.parametrize("md5", ["", "0" * 31, "0" * 33, "G" * 32, "0" * 31 + "\n"])
    def test_has_one_or_is_refused(self, people, md5):
        answer = people.teacher.initiate("release", archive_item(BODY, md5=md5))
        assert answer.status_code == 400

    def test_that_is_not_of_its_bytes_does_not_arrive(self, people):
        item = archive_item(BODY, md5="0" * 32)
        (granted,) = people.teacher.begin("release", item)
        answer = requests.put(granted["url"], BODY, headers=granted["headers"], timeout=10)
        assert answer.status_code == 400
        assert outcome(people.teacher.complete(item)) == "object-missing"
