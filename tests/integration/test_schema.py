"""The schema: migrations and models say the same, and several processes may upgrade at once."""

from __future__ import annotations

import fcntl
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, inspect, select, text, update
from sqlalchemy.exc import IntegrityError, StatementError
from support.database.rows import a_row_of_each
from support.faults.at_once import at_once

from nbexchange.api.db import migrations, upgrade
from nbexchange.api.db.engine import UnsupportedDatabase, clock, connect, parse_url
from nbexchange.api.db.models import (
    Base,
    Organisation,
    SchemaLevel,
    Upload,
)

pytestmark = pytest.mark.databases("sqlite", "postgresql")


def test_migrations_and_models_have_not_drifted_apart(database):
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def describe(database):
    """All that the database knows of its tables, but for the order of things."""
    looking = inspect(database.engine)
    parts = ("columns", "check_constraints", "foreign_keys", "indexes", "unique_constraints")
    return {
        (table, part): sorted(
            json.dumps(entry, default=str, sort_keys=True) for entry in getattr(looking, f"get_{part}")(table)
        )
        for table in looking.get_table_names()
        for part in parts
    }


def test_the_migrations_end_exactly_as_the_models_say_checks_included(database):
    upgraded = describe(database)
    with database.engine.begin() as connection:
        upgrade._drop_everything(connection)
        Base.metadata.create_all(connection)
    models = describe(database)
    assert {key: value for key, value in upgraded.items() if key[0] != "alembic_version"} == models


def test_what_is_in_a_database_of_the_first_schema_is_still_there_after_an_upgrade(database):
    with database.engine.connect() as connection:
        upgrade._drop_everything(connection)
        command.upgrade(migrations.configuration(connection), "0001")
        connection.commit()
    _, _, _, upload = a_row_of_each(database)
    with pytest.raises(upgrade.SchemaOutdated, match="at revision 0001"):
        upgrade.prepare(database)
    upgrade.prepare(database, upgrade=True)
    with database.read() as session:
        row = session.get(Upload, upload)
        assert (row.sha256, row.tree_sha256) == ("a" * 64, None)


# --- which versions run on which schema ---------------------------------------------------------------------


def set_schema(database, revision, oldest_compatible_level):
    """As if a later version had upgraded the database."""
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
        level = max(upgrade.LEVEL + 1, oldest_compatible_level)
        connection.execute(
            update(SchemaLevel).values(level=level, oldest_compatible_level=oldest_compatible_level)
        )


def test_the_revisions_are_those_of_the_migrations():
    scripts = ScriptDirectory.from_config(migrations.configuration())
    assert tuple(script.revision for script in scripts.walk_revisions())[::-1] == upgrade.REVISIONS


def test_the_last_migration_sets_the_level_that_this_version_works_with(database):
    with database.read() as session:
        assert session.scalars(select(SchemaLevel.level)).one() == upgrade.LEVEL


def test_a_service_goes_on_while_a_compatible_schema_is_ahead_of_it(database):
    set_schema(database, "9999", oldest_compatible_level=upgrade.LEVEL)
    upgrade.prepare(database)
    upgrade.prepare(database, upgrade=True)
    upgrade.require_current(database)
    with database.engine.connect() as connection:
        assert upgrade.current_revision(connection) == "9999"


@pytest.mark.parametrize("check", [upgrade.prepare, upgrade.require_current])
def test_a_service_refuses_a_schema_on_which_only_later_versions_run(database, check):
    set_schema(database, "9999", oldest_compatible_level=upgrade.LEVEL + 1)
    with pytest.raises(upgrade.SchemaOutdated, match="later version"):
        check(database)


@pytest.mark.parametrize("check", [upgrade.prepare, upgrade.require_current])
def test_a_schema_without_its_level_is_a_later_versions_where_the_tables_are_ours(database, check):
    set_schema(database, "9999", oldest_compatible_level=upgrade.LEVEL)
    with database.engine.begin() as connection:
        SchemaLevel.__table__.drop(connection)
    with pytest.raises(upgrade.SchemaOutdated, match=r"later version.* install that version again, or"):
        check(database)


@pytest.mark.parametrize(
    ("check", "revision"),
    [(upgrade.prepare, "1a2b3c"), (upgrade.prepare, None), (upgrade.require_current, "1a2b3c")],
    ids=["with Alembic", "without", "while it is used"],
)
def test_a_database_of_another_program_is_refused_and_nobody_is_told_to_empty_it(database, check, revision):
    with database.engine.begin() as connection:
        upgrade._drop_everything(connection)
        for table in ("action", "grades"):
            connection.execute(text(f"CREATE TABLE {table} (pk INTEGER)"))
        if revision:
            connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
            connection.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": revision})
    with pytest.raises(upgrade.SchemaOutdated, match=r"of another program, .*grades") as refusal:
        check(database)
    assert "empty" not in str(refusal.value)
    assert {"action", "grades"} <= set(inspect(database.engine).get_table_names())


def test_a_database_of_ours_that_has_lost_its_revision_is_not_taken_for_another_programs(database):
    with database.engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
    with pytest.raises(upgrade.SchemaOutdated, match="restore a backup"):
        upgrade.prepare(database)


def test_a_service_never_runs_on_less_than_the_schema_says(database):
    with pytest.raises(IntegrityError), database.write() as session:
        session.execute(update(SchemaLevel).values(oldest_compatible_level=SchemaLevel.level + 1))


def test_there_is_one_level(database):
    with pytest.raises(IntegrityError), database.write() as session:
        session.execute(insert(SchemaLevel).values(pk=2, level=1, oldest_compatible_level=1))


# ------------------------------------------------------------------------------------------------------------


def test_upgrading_at_once_from_several_connections_works(empty_postgresql):
    databases = [connect(empty_postgresql) for _ in range(4)]
    at_once(*[lambda database=database: upgrade.prepare(database) for database in databases])
    with databases[0].engine.connect() as connection:
        assert upgrade.current_revision(connection) == upgrade.HEAD
    for database in databases:
        database.engine.dispose()


def can_be_upgraded(database):
    """Whether another process could begin to upgrade it now."""
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect() as connection:
            lock = text("SELECT pg_try_advisory_xact_lock(:key)")
            return connection.scalar(lock, {"key": upgrade.UPGRADE_LOCK})
    with Path(f"{database.engine.url.database}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def test_while_one_process_upgrades_no_other_can(database, monkeypatch):
    answers = []
    monkeypatch.setattr(migrations, "run", lambda connection: answers.append(can_be_upgraded(database)))
    upgrade.prepare(database, reset=True)
    assert answers == [False]
    assert can_be_upgraded(database)


def test_a_reset_leaves_an_empty_current_schema(database):
    with database.write() as session:
        session.execute(insert(Organisation), [{"org_id": "1"}])
    upgrade.prepare(database, reset=True)
    with database.read() as session:
        assert session.scalars(select(Organisation)).all() == []


def test_instants_come_back_in_utc_with_microseconds(database):
    there = datetime(2026, 3, 4, 5, 6, 7, 891, tzinfo=timezone(timedelta(hours=2)))
    _, _, _, upload = a_row_of_each(database, stamp=there)
    with database.read() as session:
        assert session.get(Upload, upload).stamp == there
        assert session.get(Upload, upload).stamp.tzinfo == UTC


def test_an_instant_without_a_zone_is_refused(database):
    with pytest.raises((ValueError, StatementError)):
        a_row_of_each(database, stamp=datetime(2026, 1, 1))


def test_the_clock_is_the_databases_and_goes_on(database):
    with database.read() as session:
        first, second = clock(session.connection()), clock(session.connection())
    assert first < second
    assert abs(datetime.now(UTC) - second) < timedelta(minutes=1)


def test_a_failed_transaction_leaves_nothing(database):
    with pytest.raises(RuntimeError), database.write() as session:
        session.execute(insert(Organisation), [{"org_id": "1"}])
        raise RuntimeError
    with database.read() as session:
        assert session.scalars(select(Organisation)).all() == []


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("postgresql://h/d", "postgresql+psycopg"),
        ("postgres://h/d", "postgresql+psycopg"),
        ("postgresql+psycopg2://h/d", "postgresql+psycopg2"),
        ("sqlite:///x", "sqlite"),
    ],
)
def test_an_address_gets_the_driver_that_is_installed(url, driver):
    assert parse_url(url).drivername == driver


@pytest.mark.parametrize(
    "url",
    ["mysql://h/d", "mysql+pymysql://h/d", "oracle://h", "", "nonsense", "sqlite://", "sqlite:///:memory:"],
)
def test_other_databases_are_refused_in_one_sentence(url):
    with pytest.raises(UnsupportedDatabase):
        parse_url(url)
