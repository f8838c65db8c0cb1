"""The digest of what is in a submission: announced, stored and given back, and for submissions alone."""

from __future__ import annotations

import pytest
from support.database.ledger import count
from support.people.callers import archive_item, problem_of, upload_item

from nbexchange.api.db.models import Upload

pytestmark = pytest.mark.databases("sqlite", "postgresql")


def test_the_digest_of_what_is_in_an_archive_is_given_back(released):
    """By which a client knows the same work again: the archive's own digest changes with the times in it."""
    digest = "7e" * 32
    record = released.ada.submit(b"my work", tree_sha256=digest)
    assert record["tree_sha256"] == digest
    assert released.ada.assignments()[0]["submissions"][0]["tree_sha256"] == digest
    assert released.teacher.submissions()[0]["tree_sha256"] == digest
    assert "tree_sha256" not in released.ada.submit(b"of an older client")


@pytest.mark.parametrize("digest", ["", "7e", "7E" * 32, "7e" * 32 + "\n", 7])
def test_a_digest_of_what_is_in_an_archive_that_is_none_is_refused(released, database, digest):
    answer = released.ada.initiate("submission", archive_item(b"w", tree_sha256=digest))
    assert (answer.status_code, answer.json["type"]) == (400, "invalid-request")
    assert count(database, Upload) == 1


def test_only_a_submission_has_a_digest_of_what_is_in_it(released, database):
    digest = {"tree_sha256": "7e" * 32}
    submission = released.ada.submit()
    about = {"student_id": "ada", "submission_id": submission["id"], "notebook_id": "p1"}
    for kind, item in (
        ("release", archive_item(b"r", force=True, **digest)),
        ("feedback", upload_item(b"<p>", **about, **digest)),
    ):
        assert problem_of(released.teacher.initiate(kind, item))["type"] == "invalid-request"
    assert count(database, Upload) == 2


def test_the_same_id_with_another_digest_of_what_is_in_it_is_refused(released):
    item = archive_item(b"work", tree_sha256="7e" * 32)
    released.ada.begin("submission", item)
    answer = released.ada.initiate("submission", {**item, "tree_sha256": "00" * 32})
    assert problem_of(answer)["type"] == "id-reused"
