"""What completing makes of the checksum that a store reports: what it cannot judge it leaves alone."""

from __future__ import annotations

import pytest
from support.people.callers import archive_item, outcome, problem_of

from nbexchange.storage import StoredObject
from nbexchange.storage.local import LocalStore

BODY = b"work"
COMPOSITE = "aGFzaCBvZiBoYXNoZXM=-2"


@pytest.fixture
def report(monkeypatch):
    """Lets the store report this of every object."""

    def report(stored):
        monkeypatch.setattr(LocalStore, "stat", lambda self, key: stored)

    return report


def complete(ada):
    item = archive_item(BODY)
    (granted,) = ada.begin("submission", item)
    assert ada.put(granted, BODY) == 200
    return ada.complete(item)


@pytest.mark.parametrize(
    "stored",
    [StoredObject(len(BODY)), StoredObject(len(BODY), composite=COMPOSITE)],
    ids=["none", "composite"],
)
def test_an_object_without_a_digest_of_the_whole_is_completed_by_its_size(released, report, stored):
    report(stored)
    assert outcome(complete(released.ada)) == "completed"


@pytest.mark.parametrize(
    "stored",
    [
        StoredObject(len(BODY) + 1),
        StoredObject(len(BODY) + 1, composite=COMPOSITE),
        StoredObject(len(BODY), sha256="a" * 64),
    ],
    ids=["other size", "other size and composite", "other digest"],
)
def test_what_can_be_judged_and_differs_is_rejected(released, report, stored):
    report(stored)
    assert problem_of(complete(released.ada))["type"].endswith("mismatch")
