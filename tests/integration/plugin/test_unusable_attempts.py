"""Attempts that cannot be collected as they are stored: the truth about them, and how a course goes on without them."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
import requests
from nbgrader.exchange.abc.exchange import ExchangeError
from support.people.classroom import collected, notebook_of
from support.stores.object_clients import own_s3_store

from nbexchange.plugin import ExchangeCollect, ExchangeFetchAssignment, ExchangeSubmit
from nbexchange.plugin.transfer.storage import Storage

HEADERS = {
    "content-encoding": "gzip",
    "content-type": "text/html",
    "content-disposition": "inline",
    "cache-control": "public, max-age=31536000",
}
"""What a client may say of the bytes that it sends: no signature forbids it."""


@pytest.fixture
def bucket(s3_server, monkeypatch):
    return own_s3_store(s3_server, monkeypatch)


@pytest.fixture
def own_headers(monkeypatch):
    """Everybody has a client that sends these headers beside those of the grant."""
    real = Storage.put

    def put(self, url, headers, *rest):
        return real(self, url, {**headers, **HEADERS}, *rest)

    monkeypatch.setattr(Storage, "put", put)


@pytest.mark.usefixtures("own_headers")
@pytest.mark.xdist_group("s3")
class TestWhatItsSenderSaysOfAnObject:
    @pytest.fixture
    def store(self, bucket):
        return bucket

    def test_keeps_nobody_from_collecting_or_fetching_it(self, submitted):
        submitted.teacher.run(ExchangeCollect, "ps1")
        assert notebook_of(submitted) == b"work of ada"
        (submitted.ada.home / "ps1").rename(submitted.ada.home / "elsewhere")
        submitted.ada.run(ExchangeFetchAssignment, "ps1")
        assert submitted.ada.files("ps1")["data.csv"] == b"1,2,3"

    def test_is_not_repeated_to_who_downloads_it(self, released, people):
        released.ada.write("ps1/p1.ipynb")
        released.ada.run(ExchangeSubmit, "ps1")
        (record,) = people.ada.assignments()[0]["submissions"]
        answer = requests.get(people.ada.request("submission", record["id"])["url"], timeout=10)
        headers = answer.headers
        assert headers["Content-Type"] == "application/octet-stream"
        assert headers["Content-Disposition"].startswith("attachment")
        assert headers["Cache-Control"] == "private, no-store"
        assert headers.get("Content-Encoding") in {None, "identity"}


class TestAnAttemptWhoseBytesAreNotThoseOfItsStudent:
    @pytest.fixture
    def damaged(self, submitted, store):
        """A second attempt of ada's, whose object was altered in the store."""
        before = set(store.list())
        submitted.ada.write("ps1/p1.ipynb", "second")
        submitted.ada.run(ExchangeSubmit, "ps1")
        (key,) = set(store.list()) - before
        data = store.objects / key / "data"
        data.write_bytes(bytes(data.stat().st_size))
        return submitted

    def test_stops_no_other_and_is_told_with_a_way_to_go_on(self, damaged):
        with pytest.raises(ExchangeError, match=r"1 new, 0 updated, 0 unchanged, 1 failed: ada"):
            damaged.teacher.run(ExchangeCollect, "ps1")
        assert notebook_of(damaged, "ben") == b"work of ben"
        assert collected(damaged) == {}
        assert "This lies in attempt 2 of ada" in damaged.teacher.text
        assert "What was downloaded for ada, twice, is not what was handed in" in damaged.teacher.text

    def test_is_set_aside_by_the_command_that_is_named_and_the_one_before_it_is_collected(self, damaged):
        said = damaged.teacher.nbgrader("collect", "ps1", status=1)
        (command,) = set(re.findall(r"jupyter nbexchange (remove [^`]+)", said))
        removed = damaged.teacher.ask(*command.split())
        assert (removed.status, removed.err) == (0, "")
        assert "1 new, 0 updated, 1 unchanged" in damaged.teacher.nbgrader("collect", "ps1")
        assert notebook_of(damaged) == b"work of ada"

    def test_may_be_gone_altogether(self, damaged, store):
        for key in store.list():
            if "submission" in key:
                store.delete(key)
        said = damaged.teacher.nbgrader("collect", "ps1", status=1)
        assert "does not give out this file (HTTP 404). Trying again will not help" in said
        assert "jupyter nbexchange remove" in said


class TestTheCommandThatRemoves:
    def test_says_of_each_attempt_what_became_of_it(self, submitted, people):
        mine = people.teacher.submissions()[0]["id"]
        unknown = str(uuid4())
        said = submitted.teacher.ask("remove", mine, unknown)
        assert said.status == 1
        assert said.out.splitlines()[0] == f"{mine} is removed."
        assert said.out.splitlines()[1].startswith(f"{unknown} stays: You have no such submission.")
        answer = submitted.teacher.ask("remove", "--json", unknown).json
        assert [(entry["id"], entry["removed"]) for entry in answer["attempts"]] == [(unknown, False)]

    def test_of_a_student_takes_nothing_from_the_course(self, submitted, people):
        ada, ben = (getattr(people, name).assignments()[0]["submissions"][0]["id"] for name in ("ada", "ben"))
        assert submitted.ada.ask("remove", ada, ben).status == 1
        assert len(people.teacher.submissions()) == 2
        assert "submissions" not in people.ada.assignments()[0]
        assert people.ben.assignments()[0]["submissions"]

    @pytest.mark.parametrize("ids", [[], ["not-an-id"]], ids=["none", "no id"])
    def test_needs_ids(self, desks, ids):
        said = desks.teacher.ask("remove", *ids)
        assert said.status == 1
        assert "attempt" in said.err
