"""Names as the gradebook has them, in two fields."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from nbexchange.plugin.gradebook import contact_of
from nbexchange.protocol import SubmissionRecord

NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    ("full_name", "fields"),
    [
        ("Ada van Test", {"first_name": "Ada van", "last_name": "Test"}),
        ("  Ada   Test ", {"first_name": "Ada", "last_name": "Test"}),
        ("Ada\u00a0Test", {"first_name": "Ada", "last_name": "Test"}),
        ("Cher", {"first_name": "Cher"}),
        (" Cher ", {"first_name": "Cher"}),
        ("  ", {}),
        ("", {}),
        (None, {}),
    ],
)
def test_a_full_name_splits_at_its_last_space_and_a_single_word_is_a_first_name(full_name, fields):
    of_whom = ("cs1", "ps1", "ada", 1, NOW, NOW, 1, "0" * 64, 1, [], "ada")
    assert contact_of(SubmissionRecord(UUID(int=1), *of_whom, full_name=full_name)) == fields
