"""`nbexchange gc`: orphans are completed, other uploads expire, and objects that no row needs are deleted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update
from support.database.ledger import let_time_pass, state_of
from support.faults.at_once import at_once
from support.people.callers import archive_item, upload_item

from nbexchange.api.db.models import Action, Upload
from nbexchange.api.uploads.garbage_collection import Report, collect_garbage
from nbexchange.storage import StoreUnavailable
from nbexchange.storage.local import LocalStore

pytestmark = pytest.mark.databases("sqlite", "postgresql")


def _uuid(item):
    return UUID(item["id"])


@pytest.fixture
def orphan(released):
    """A submission whose client died between PUT and complete."""
    item = archive_item(b"work")
    (granted,) = released.ada.begin("submission", item)
    released.ada.put(granted, b"work")
    return item


def test_an_orphaned_submission_is_completed_with_its_own_stamp(released, orphan, services, database):
    let_time_pass(database, minutes=16)
    assert collect_garbage(services) == Report(completed=1)
    (record,) = released.teacher.submissions()
    assert (record["student_id"], record["attempt"]) == ("ada", 1)
    with database.read() as session:
        action = session.scalars(select(Action).where(Action.verb == "submitted")).one()
    assert action.actor == "ada"


def test_an_orphan_is_left_alone_while_its_url_lives(released, orphan, services):
    assert collect_garbage(services) == Report()
    assert released.teacher.submissions() == []


def test_an_orphan_is_completed_even_when_garbage_collection_comes_late(released, orphan, services, database):
    let_time_pass(database, days=3)
    assert collect_garbage(services).completed == 1
    assert len(released.teacher.submissions()) == 1


def test_the_client_that_comes_back_gets_the_record(released, orphan, services, database):
    let_time_pass(database, minutes=16)
    collect_garbage(services)
    assert released.ada.complete(orphan).json["items"][0]["record"]["attempt"] == 1


def test_a_submission_that_was_never_sent_expires(released, services, database):
    item = archive_item(b"work")
    released.ada.begin("submission", item)
    let_time_pass(database, hours=23)
    collect_garbage(services)
    assert state_of(database, item["id"]) == "pending"
    let_time_pass(database, hours=2)
    assert collect_garbage(services).expired == 1
    assert state_of(database, item["id"]) == "expired"


@pytest.mark.parametrize("kind", ["release", "feedback"])
def test_an_orphaned_release_or_feedback_is_never_published(kind, released, services, database, store):
    submission = released.ada.submit()
    item = {
        "release": archive_item(b"v2", force=True),
        "feedback": upload_item(b"v2", student_id="ada", submission_id=submission["id"], notebook_id="p1"),
    }[kind]
    (granted,) = released.teacher.begin(kind, item)
    released.teacher.put(granted, b"v2")
    assert store.stat(_key(database, item))
    let_time_pass(database, minutes=16)
    assert collect_garbage(services) == Report()
    assert state_of(database, item["id"]) == "pending"
    let_time_pass(database, days=1)
    assert collect_garbage(services).completed == 0
    assert state_of(database, item["id"]) == "expired"
    assert store.stat(_key(database, item)) is None
    assert released.ada.assignments()[0]["release"]["version"] == 1


def _key(database, item):
    with database.read() as session:
        return session.scalars(select(Upload.object_key).where(Upload.item_id == _uuid(item))).one()


def test_an_orphan_of_the_wrong_size_is_rejected_and_its_object_deleted(
    released, orphan, services, database, store
):
    (data,) = store.objects.glob("v1/*/*/submission/*/data")
    data.write_bytes(b"something else")
    let_time_pass(database, minutes=16)
    report = collect_garbage(services)
    assert (report.completed, report.deleted) == (0, 1)
    assert state_of(database, orphan["id"]) == "rejected"
    assert not data.exists()


def test_an_object_that_the_store_gives_no_answer_for_stops_nothing_else(
    released, orphan, services, database, monkeypatch
):
    other = archive_item(b"ben's")
    (granted,) = released.ben.begin("submission", other)
    released.ben.put(granted, b"ben's")
    let_time_pass(database, days=3)
    troubled, real = _key(database, orphan), LocalStore.stat

    def stat(self, key):
        if key == troubled:
            raise StoreUnavailable("no answer")
        return real(self, key)

    monkeypatch.setattr(LocalStore, "stat", stat)
    assert collect_garbage(services) == Report(completed=1, failed=1)
    assert state_of(database, orphan["id"]) == "pending"
    monkeypatch.undo()
    assert collect_garbage(services) == Report(completed=1)


def test_objects_of_aborted_uploads_are_deleted_and_of_completed_ones_never(
    released, orphan, services, store
):
    kept = released.ada.submit(b"kept")
    released.ada.delete(f"uploads/{orphan['id']}")
    assert collect_garbage(services).deleted == 1
    assert collect_garbage(services).deleted == 0
    assert released.ada.download("submission", kept["id"]) == b"kept"
    assert len(list(store.objects.glob("v1/*/*/submission/*/data"))) == 1


def test_an_object_that_lands_after_the_first_sweep_is_deleted_by_the_second(
    released, services, database, store
):
    item = archive_item(b"work")
    (granted,) = released.ada.begin("submission", item)
    released.ada.delete(f"uploads/{item['id']}")
    collect_garbage(services)
    released.ada.put(granted, b"work")
    let_time_pass(database, hours=49)
    collect_garbage(services)
    assert not list(store.objects.glob("v1/*/*/submission/*/data"))


def test_two_garbage_collections_at_once_are_one_sweep(released, orphan, services, database, monkeypatch):
    """The last sweep is the one after every URL has run out: none may be counted ahead of its time."""
    released.ada.delete(f"uploads/{orphan['id']}")
    real = LocalStore.delete

    def delete(self, key):
        monkeypatch.setattr(LocalStore, "delete", real)
        collect_garbage(services)
        real(self, key)

    monkeypatch.setattr(LocalStore, "delete", delete)
    collect_garbage(services)
    with database.read() as session:
        assert session.scalars(select(Upload.sweeps).where(Upload.item_id == _uuid(orphan))).one() == 1


def test_collecting_twice_at_once_completes_an_orphan_once(released, orphan, services, database):
    let_time_pass(database, minutes=16)
    at_once(*[lambda: collect_garbage(services)] * 4)
    assert [record["attempt"] for record in released.teacher.submissions()] == [1]


def test_a_late_arrival_is_visible_to_the_instructor(released, orphan, services, database):
    with database.write() as session:
        past = datetime.now(UTC) - timedelta(hours=2)
        session.execute(
            update(Upload).where(Upload.item_id == _uuid(orphan)).values(stamp=past, url_expires_at=past)
        )
    collect_garbage(services)
    (record,) = released.teacher.submissions()
    stamp, arrival = (datetime.fromisoformat(record[name]) for name in ("submitted_at", "completed_at"))
    assert arrival - stamp > timedelta(minutes=110)
