"""The schema's version: checked at every start, and created or upgraded with the migrations that ship in the wheel."""

from __future__ import annotations

import fcntl
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, MetaData, String, column, inspect, select, table, text

from nbexchange.api.db.engine import BEGIN, Database
from nbexchange.api.db.models import Base, SchemaLevel

LEVEL = 3
"""The level of the schema that this version works with; each migration raises it, and `schema_level` says so."""

REVISIONS = ("0001", "0002", "0003")
"""Those of the schema, as the migrations name them, the oldest first: a start compares them, and needs no Alembic."""

HEAD = REVISIONS[-1]
"""The one that this version works with."""

UPGRADE_LOCK = 0x6E6265786368
"""The PostgreSQL advisory lock under which one process at a time changes the schema."""


class SchemaOutdated(Exception):
    """The database's schema is not one that this version works with."""


_alembic_version = table("alembic_version", column("version_num", String))

LATER = SchemaOutdated(
    "the database has the schema of a later version, on which this one cannot run: install that version again, or "
    "restore the backup of before its upgrade"
)


def prepare(database: Database, *, upgrade: bool = False, reset: bool = False) -> str | None:
    """Bring the schema to where this version needs it, and give its revision; meant to run once, before any worker.

    An empty database is created. An older schema raises `SchemaOutdated` unless `upgrade`; a newer one is left as it
    is, and raises unless it says that this version may run on it. `reset` drops everything first.
    """
    with _locked(database) as connection:
        if reset:
            _drop_everything(connection)
        revision = current_revision(connection)
        if revision is None and (tables := inspect(connection).get_table_names()):
            raise without_revision(tables)
        if is_newer(revision):
            _require_compatible(connection)
        elif revision != HEAD:
            if revision is not None and not upgrade:
                raise outdated(revision)
            _migrate(connection)
            revision = HEAD
        connection.commit()
    return revision


def require_current(database: Database) -> None:
    """Raise `SchemaOutdated` unless this version may run on the schema: its own, or a newer that is compatible."""
    with database.engine.connect() as connection:
        revision = current_revision(connection)
        if is_newer(revision):
            _require_compatible(connection)
        elif revision != HEAD:
            raise outdated(revision)


def _require_compatible(connection: Connection) -> None:
    """Raise unless a schema that this version did not make says that this version may run on it."""
    tables = inspect(connection).get_table_names()
    if SchemaLevel.__tablename__ not in tables:
        raise LATER if is_ours(tables) else not_ours(tables)
    if connection.scalars(select(SchemaLevel.oldest_compatible_level)).one() > LEVEL:
        raise LATER


def is_ours(tables: Collection[str]) -> bool:
    """Whether most of our tables are there: no other program has as many of the same names."""
    ours = Base.metadata.tables.keys()
    return len(ours & set(tables)) > len(ours) / 2


def not_ours(tables: Collection[str]) -> SchemaOutdated:
    """It may be worth more than the exchange: nothing here advises to empty it."""
    several = ", ".join(sorted(tables)[:3])
    return SchemaOutdated(
        f"db_url names a database of another program, which was left as it is: it has tables such as {several}. "
        "The exchange needs one of its own"
    )


def without_revision(tables: Collection[str]) -> SchemaOutdated:
    """An upgrade or a restore may have broken off, or it is somebody else's database."""
    if not is_ours(tables):
        return not_ours(tables)
    return SchemaOutdated(
        "the database has the exchange's tables, and nothing says at which revision they are (alembic_version is "
        "empty): restore a backup"
    )


def outdated(revision: str | None) -> SchemaOutdated:
    if revision is None:
        return SchemaOutdated("the database has no schema of the exchange: run `nbexchange db upgrade`")
    return SchemaOutdated(
        f"the database is at revision {revision}, this version needs {HEAD}: "
        "back it up, then run `nbexchange db upgrade`"
    )


def is_newer(revision: str | None) -> bool:
    """Whether the schema was made by a version that is not this one or an earlier."""
    return revision is not None and revision not in REVISIONS


def current_revision(connection: Connection) -> str | None:
    """What Alembic wrote down, or None where it never worked on this database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.scalars(select(_alembic_version.c.version_num)).first()


def _migrate(connection: Connection) -> None:
    from nbexchange.api.db import migrations  # and Alembic with it, a quarter of a second

    migrations.run(connection)


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
