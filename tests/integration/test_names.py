"""Names of people in requests, which could be taken for those of others."""

from __future__ import annotations

import pytest
from support.database.ledger import count
from support.people.callers import archive_item, problem_of, upload_item

from nbexchange.api.db.models import Person

LOOKALIKES = ["ada ", "\u00a0ada", "a\u200bda", "\u202eada", "e\u0301ve", "<ada>", "a\x00b", "a/b"]


@pytest.mark.parametrize("name", LOOKALIKES, ids=ascii)
def test_nobody_submits_or_gives_feedback_for_such_a_student_and_no_row_is_made(released, database, name):
    people = count(database, Person)
    feedback = upload_item(b"<p>", student_id=name, notebook_id="p1", submitted_at="2026-01-01T00:00:00Z")
    for kind, item in (("feedback", feedback), ("submission", archive_item(b"work", student_id=name))):
        assert problem_of(released.teacher.initiate(kind, item))["type"] == "invalid-request"
    assert count(database, Person) == people
