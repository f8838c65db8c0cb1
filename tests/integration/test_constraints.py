"""What the database itself refuses: half records, rows of two organisations, two current releases."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from support.database.rows import a_row_of_each

from nbexchange.api.db.models import (
    Release,
)

pytestmark = pytest.mark.databases("sqlite", "postgresql")


NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "gift"},
        {"state": "maybe"},
        {"size": 0},
        {"sha256": "short"},
        {"tree_sha256": "0" * 64},
        {"kind": "submission"},
        {"state": "completed"},
        {"completed_at": NOW},
        {"unpacked_size": None},
        {"notebook_id": "p1"},
        {"submitted_at": NOW},
        {"kind": "feedback"},
    ],
    ids=str,
)
def test_a_half_record_is_impossible(database, values):
    with pytest.raises(IntegrityError):
        a_row_of_each(database, **values)


def test_a_row_that_joins_two_organisations_is_impossible(database):
    org, _, assignment, _ = a_row_of_each(database)
    _, stranger, _, _ = a_row_of_each(database)
    with pytest.raises(IntegrityError):
        a_row_of_each(database, org_pk=org, assignment_pk=assignment, actor_pk=stranger)


def test_two_current_releases_of_an_assignment_are_impossible(database):
    _, _, assignment, first = a_row_of_each(database)
    _, _, _, second = a_row_of_each(database)
    row = {"assignment_pk": assignment, "pk": first, "version": 1, "is_current": True}
    with database.write() as session:
        session.execute(insert(Release), [row])
    with pytest.raises(IntegrityError), database.write() as session:
        session.execute(insert(Release), [{**row, "pk": second, "version": 2}])
