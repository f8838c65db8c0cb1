"""The schema's version: created, upgraded and checked by Alembic, with the migrations that ship in the wheel."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, inspect, text

from nbexchange.api.db.engine import BEGIN, Database

UPGRADE_LOCK = 0x6E6265786368
"""The PostgreSQL advisory lock under which one process at a time changes the schema."""


class SchemaOutdated(Exception):
    """The database's schema is not the one that this version works with."""


def prepare(database: Database, *, upgrade: bool = False, reset: bool = False) -> None:
    """Bring the schema to where this version needs it; meant to run once, before any worker starts.

    An empty database is created. An older schema raises `SchemaOutdated` unless `upgrade`. `reset` drops
    everything first.
    """
    with _locked(database) as connection:
        if reset:
            _drop_everything(connection)
        revision = current_revision(connection)
        if (revision is None and inspect(connection).get_table_names()) or not is_ours(revision):
            raise SchemaOutdated(
                "this is not a database of this exchange, or one of a later version: name an empty one in db_url"
            )
        if revision != head_revision():
            if revision is not None and not upgrade:
                raise outdated(revision)
            command.upgrade(configuration(connection), "head")
        connection.commit()


def require_current(database: Database) -> None:
    """Raise `SchemaOutdated` unless the schema is the one of this version."""
    with database.engine.connect() as connection:
        revision = current_revision(connection)
    if revision != head_revision():
        raise outdated(revision)


def outdated(revision: str | None) -> SchemaOutdated:
    if revision is None:
        return SchemaOutdated("the database has no schema of the exchange: run `nbexchange db upgrade`")
    return SchemaOutdated(
        f"the database is at revision {revision}, this version needs {head_revision()}: "
        "back it up, then run `nbexchange db upgrade`"
    )


def is_ours(revision: str | None) -> bool:
    return revision is None or revision in {script.revision for script in scripts().walk_revisions()}


def configuration(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", "nbexchange.api.db:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(configuration())


@cache
def head_revision() -> str | None:
    """The revision of this version, read once: `readyz` asks for it again and again."""
    return scripts().get_current_head()


def current_revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


@contextmanager
def _locked(database: Database) -> Iterator[Connection]:
    """A connection on which no other process changes the schema meanwhile."""
    engine = database.engine.execution_options(**{BEGIN: "IMMEDIATE"})
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
            yield connection
        return
    # Alembic commits between steps, and with that gives up SQLite's own lock.
    with Path(f"{engine.url.database}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with engine.connect() as connection:
            yield connection


def _drop_everything(connection: Connection) -> None:
    tables = MetaData()
    tables.reflect(connection)
    tables.drop_all(connection)
