"""A student who uses the ids of items twice, or those of others."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from support.database.ledger import count
from support.people.callers import archive_item, problem_of
from support.people.hostile_student import submissions

from nbexchange.api.db.models import Action, Submission


@pytest.mark.databases("sqlite", "postgresql")
def test_the_id_of_anothers_upload_is_ones_own_affair(released, theirs, database):
    mine = archive_item(b"mine", id=theirs.pending["id"])
    (granted,) = released.ada.begin("submission", mine)
    assert urlsplit(granted["url"]).path != urlsplit(theirs.granted["url"]).path
    released.ada.put(granted, b"mine")
    record = released.ada.complete(mine).json["items"][0]["record"]
    assert record["student_id"] == "ada"
    assert len(released.ben.get("uploads").json["items"]) == 1
    released.ben.put(theirs.granted, b"ben's next")
    assert released.ben.complete(theirs.pending).json["items"][0]["record"]["student_id"] == "ben"


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("finished", [False, True])
def test_an_id_stands_for_one_content_in_one_place_for_ever(released, database, finished):
    item = archive_item(b"work")
    released.teacher.release(assignment="ps2")
    if finished:
        released.ada.submit(b"work", id=item["id"])
    else:
        released.ada.begin("submission", item)
    others = [
        item | {"size": 5},
        item | {"sha256": "0" * 64},
        item | {"notebooks": ["other.ipynb"]},
        item | {"student_id": "ada"},
    ]
    for other in others:
        assert problem_of(released.ada.initiate("submission", other))["type"] == "id-reused"
    elsewhere = released.ada.initiate("submission", item, assignment="ps2")
    assert problem_of(elsewhere)["type"] == "id-reused"
    assert submissions(database) == 1


@pytest.mark.databases("sqlite", "postgresql")
def test_an_id_twice_in_one_call_opens_nothing(released, database):
    item = archive_item(b"work")
    for other in (item, archive_item(b"other", id=item["id"]), item | {"id": item["id"].upper()}):
        assert released.ada.initiate("submission", item, other).status_code == 400
    assert submissions(database) == 0


@pytest.mark.databases("sqlite", "postgresql")
def test_completing_again_and_again_is_one_attempt_and_one_entry_of_the_log(released, database):
    record = released.ada.submit(id=(chosen := str(uuid4())))
    answers = [released.ada.complete(*[{"id": chosen}] * 100).json["items"] for _ in range(3)]
    assert all(answer["record"] == record for items in answers for answer in items)
    assert (count(database, Submission), count(database, Action, Action.verb == "submitted")) == (1, 1)


def test_no_id_that_is_told_leads_to_where_an_object_is_kept(released):
    """Who knows the id of somebody's attempt does not know its key."""
    item = archive_item(b"work")
    (granted,) = released.ada.begin("submission", item)
    released.ada.put(granted, b"work")
    record = released.ada.complete(item).json["items"][0]["record"]
    key = Path(urlsplit(granted["url"]).path).name.partition(".")[0]
    assert UUID(key).version == 4
    assert key not in {record["id"], item["id"]}
    assert key not in str(released.teacher.submissions()) + str(released.teacher.get("history").json)
