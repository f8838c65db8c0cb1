"""What can be counted of a call's cost, without a clock: statements, transactions, and what is read once a process."""

from __future__ import annotations

import importlib.metadata

import pytest
from sqlalchemy import event, text
from support.database.statements import statements
from support.people.callers import archive_item

from nbexchange.api.config.build import build_database
from nbexchange.api.config.settings import NbExchange
from nbexchange.api.db import pings
from nbexchange.api.db.engine import connect

pytestmark = pytest.mark.databases("sqlite", "postgresql")


def begun(database, call):
    """How many transactions that write the call begins."""
    writes = []

    def note(connection):
        if connection.dialect.name == "sqlite":
            writes.append("IMMEDIATE" in connection.get_execution_options().values())
        else:
            writes.append(not connection.connection.dbapi_connection.autocommit)

    event.listen(database.engine, "begin", note)
    try:
        call()
    finally:
        event.remove(database.engine, "begin", note)
    return sum(writes)


@pytest.fixture
def ada(released):
    """Somebody who has called before: what is made once, such as their row, is there."""
    released.ada.submit()
    released.ada.get("me")
    return released.ada


def count(database, call):
    with statements(database) as seen:
        call()
    return len([statement for statement in seen if not statement.startswith(("BEGIN", "PRAGMA"))])


@pytest.mark.parametrize(
    ("measure", "begin", "complete", "again"),
    [(count, 4, 5, 1), (begun, 1, 1, 0)],
    ids=["statements", "writes"],
)
def test_a_submission_takes_four_statements_to_begin_and_five_to_complete_each_in_one_transaction(
    measure, begin, complete, again, ada, database
):
    item = archive_item(b"work")
    granted = []
    assert measure(database, lambda: granted.extend(ada.begin("submission", item))) == begin
    assert ada.put(granted[0], b"work") == 200
    assert measure(database, lambda: ada.complete(item)) == complete
    assert measure(database, lambda: ada.complete(item)) == again


def test_who_one_is_takes_no_statement(ada, database):
    assert count(database, lambda: ada.get("me")) == 0


def test_no_call_looks_for_the_version_of_a_distribution(ada, monkeypatch):
    def look(*_):
        raise AssertionError("the metadata of a distribution were read")

    monkeypatch.setattr(importlib.metadata, "version", look)
    monkeypatch.setattr(importlib.metadata, "distribution", look)
    ada.submit()
    assert ada.get("me").status_code == ada.get("assignments").status_code == 200


def test_a_connection_that_a_thread_has_used_is_kept_for_the_next(db_url):
    """To open one costs PostgreSQL more than a submission."""
    database = build_database(NbExchange(db_url=db_url, threads=6), serving=True)
    assert database.engine.pool.size() >= 2 * 6
    database.engine.dispose()


# --- PostgreSQL alone ---------------------------------------------------------------------------------------


def terminate_others(connection):
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    connection.execute(text(f"{others} AND pid <> pg_backend_pid()"))


@pytest.mark.databases("postgresql")
@pytest.mark.parametrize("idle", [0.0, 3600.0])
def test_a_connection_that_was_idle_is_tried_and_one_that_was_used_a_moment_ago_is_not(
    db_url, idle, monkeypatch
):
    monkeypatch.setattr(pings, "IDLE", idle)
    database, other = connect(db_url), connect(db_url)
    with database.connect() as connection:
        connection.execute(text("SELECT 1"))
    with other.connect() as connection:
        terminate_others(connection)
    if idle:
        with database.connect() as connection, pytest.raises(Exception, match="terminating connection"):
            connection.execute(text("SELECT 1"))
    with database.connect() as connection:  # also after one that failed
        assert connection.execute(text("SELECT 1")).scalar() == 1
    database.engine.dispose()
    other.engine.dispose()


@pytest.mark.databases("postgresql")
@pytest.mark.parametrize(("options", "number"), [({}, 1), ({"prepare_threshold": None}, 0)])
def test_a_statement_that_is_sent_again_is_prepared_unless_an_installation_forbids_it(
    db_url, options, number
):
    database = connect(db_url, connect_args=options)
    with database.connect() as connection:
        for again in range(10):
            connection.execute(text("SELECT CAST(:again AS INTEGER)"), {"again": again})
        prepared = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT CAST(%%'"
        assert connection.exec_driver_sql(prepared).scalar() == number
    database.engine.dispose()
