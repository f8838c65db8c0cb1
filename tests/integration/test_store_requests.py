"""What the object store is asked: one question for each object that is completed, and nothing besides."""

from __future__ import annotations

import pytest
from support.people.callers import archive_item, upload_item
from support.stores.scripted_s3 import SIZE, scripted_s3

from nbexchange.storage.s3 import S3Store

BODY = SIZE * b"b"


@pytest.fixture
def s3():
    """Every object that is asked for is there."""
    with scripted_s3() as server:
        yield server


@pytest.fixture
def store(s3, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    return S3Store("bucket", endpoint_url=s3.url)


def send(caller, kind, *items, **values):
    """Announce and complete them; the bytes would go past the service."""
    grants = caller.begin(kind, *items, **values)
    answers = caller.complete(*items).json["items"]
    assert {answer["type"] for answer in answers} == {"completed"}
    return [grant["url"] for grant in grants], [answer["record"] for answer in answers]


def paths(urls, s3):
    return sorted("HEAD " + url.removeprefix(s3.url).partition("?")[0] for url in urls)


def test_each_object_is_asked_for_once_when_it_is_completed_and_never_else(people, s3):
    urls, _ = send(people.teacher, "release", archive_item(BODY))
    assert s3.requests == paths(urls, s3)

    item = archive_item(BODY)
    people.ada.begin("submission", item)
    assert len(s3.requests) == 1
    people.ada.complete(item)
    people.ada.complete(item)  # its answer was lost
    assert len(s3.requests) == 2

    submissions = people.teacher.get("submissions", course_id="cs1").json["submissions"]
    about = {"student_id": "ada", "submission_id": submissions[0]["id"]}
    s3.requests.clear()
    batch = [upload_item(BODY, **about, notebook_id=f"p{number}") for number in range(20)]
    urls, records = send(people.teacher, "feedback", *batch)
    assert sorted(s3.requests) == paths(urls, s3)
    assert s3.connections <= 1 + 8

    s3.requests.clear()
    people.ada.get("me")
    people.ada.get("assignments")
    downloads = {"items": [{"kind": "feedback", "id": record["id"]} for record in records]}
    assert people.teacher.post("downloads", downloads).status_code == 200
    assert s3.requests == []
