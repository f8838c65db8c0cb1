"""Statements that the driver runs: what travels to the database and back, and what is raised."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    String,
    Uuid,
    bindparam,
    func,
    literal_column,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError, OperationalError
from support.database.crowd import Crowd

from nbexchange.api.db.arrays import TextArray
from nbexchange.api.db.engine import connect
from nbexchange.api.db.models import Person, Upload
from nbexchange.api.db.prepared import Prepared

pytestmark = pytest.mark.databases("sqlite", "postgresql")

ONE = Prepared(select(literal_column("1").label("one")))
TRIES = 5
"""How often PostgreSQL plans for the values at hand before it looks at a plan for all."""
UPLOADS = 10_000
"""From about so many on, completing one was planned anew each time."""
HALF_PAST = datetime(2026, 11, 27, 12, 30, 0, 123456, tzinfo=timezone(timedelta(hours=-5)))


def test_cells_are_named_and_what_the_columns_have(released, database):
    record = released.ada.submit()
    columns = (
        Upload.uuid,
        Upload.stamp,
        Upload.notebooks,
        Upload.force,
        Upload.unpacked_size.label("unpacked"),
    )
    statement = Prepared(select(*columns).where(Upload.kind == "submission"))
    with database.connect() as connection:
        (row,) = statement.fetch(connection, {})
    assert row.uuid == UUID(record["id"])
    assert row.stamp == datetime.fromisoformat(record["submitted_at"])
    assert row.stamp.utcoffset() == timedelta(0)
    assert (row.notebooks, row.force, row.unpacked) == (record["notebooks"], False, record["unpacked_size"])


def test_what_the_driver_raises_is_raised_as_sqlalchemy_does_and_the_connection_serves_the_next(database):
    wrong = Prepared(select(literal_column("no_such_column")))
    with database.connect() as connection, pytest.raises(DBAPIError, match="no_such_column"):
        wrong.fetch(connection, {})
    with database.connect() as connection:
        assert ONE.fetch_value(connection, {}) == 1


def test_a_text_that_depends_on_its_values_is_refused(database):
    statement = Prepared(select(Person.pk).where(Person.name.in_(["ada", "ben"])))
    with database.connect() as connection, pytest.raises(ValueError, match="depends on its values"):
        statement.fetch(connection, {})


@pytest.mark.databases("postgresql")
@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (String(), []),
        (String(), ["ada", "Ada Lovelace", "\N{SNOWMAN}", "a,b"]),
        (
            String(),
            ['a"b', "c\\d", '\\"', '"', "\\", "{x}", "NULL", "", " at its ends ", "two\nlines\ttab", "','"],
        ),
        (String(), ['a","b', "c"]),
        (String(), ["c\\d", "e"]),
        (String(), ["ada", None, "NULL"]),
        (BigInteger(), [1, -(2**62), None]),
        (Boolean(), [True, False, None]),
        (Uuid(), [UUID(int=0), UUID(int=2**128 - 1)]),
        (DateTime(timezone=True), [HALF_PAST, HALF_PAST.astimezone(UTC), datetime(9999, 12, 31, tzinfo=UTC)]),
    ],
)
def test_a_list_arrives_as_it_was_whatever_is_in_it(database, kind, values):
    statement = Prepared(select(func.unnest(bindparam("values", type_=TextArray(kind)))))
    with database.connect() as connection:
        assert [row[0] for row in statement.fetch(connection, {"values": values})] == values


@pytest.mark.databases("postgresql")
def test_a_text_that_no_text_of_the_database_can_be_is_refused(database):
    statement = Prepared(select(func.unnest(bindparam("values", type_=TextArray(String())))))
    with database.connect() as connection, pytest.raises(DBAPIError, match="NUL"):
        statement.fetch(connection, {"values": ["a\0b"]})


@pytest.mark.databases("postgresql")
def test_a_lost_connection_is_said_to_be_one_and_not_used_again(db_url):
    database, other = connect(db_url), connect(db_url)
    with database.connect() as connection:
        lost = connection.connection.dbapi_connection.info.backend_pid
    with other.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": lost})
    with database.connect() as connection, pytest.raises(OperationalError) as raised:
        ONE.fetch(connection, {})
    assert raised.value.connection_invalidated
    with database.connect() as connection:
        assert ONE.fetch_value(connection, {}) == 1
    database.engine.dispose()
    other.engine.dispose()


@pytest.mark.databases("postgresql")
def test_no_statement_of_a_submission_is_planned_anew_for_each(database, people):
    """PostgreSQL keeps no plan that looks dearer than one for the values at hand: here for one of few uploads, where a
    caller has thousands on average, since the instructor submitted for all.
    """
    Crowd(UPLOADS).fill(database)
    with database.connect() as connection:
        connection.execute(text("DELETE FROM upload WHERE state <> 'completed'"))
        connection.execute(text("UPDATE upload SET actor_pk = 1"))
        connection.execute(text("VACUUM ANALYZE upload"))
    for number in range(8):
        people.ada.submit(f"{number}".encode())
    with database.connect() as connection:
        seen = "SELECT statement, custom_plans AS anew, generic_plans AS kept FROM pg_prepared_statements"
        rows = [row for row in connection.execute(text(seen)) if row.anew + row.kept >= 8]
    assert len(rows) > 7
    assert [row.statement for row in rows if row.anew > TRIES] == []
