"""The database: PostgreSQL, or SQLite as the embedded default, with the same models on both."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Engine, create_engine, event, func, select
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session
from sqlalchemy.types import DateTime, TypeDecorator

from nbexchange.api.db.pings import ping_idle
from nbexchange.api.db.prepared import Prepared
from nbexchange.api.db.timeouts import connector, server_options
from nbexchange.shared.deadlines import seconds_left

SQLITE_PATIENCE = 30
"""Seconds that a command waits for another writer before it gives up."""

BEGIN = "nbexchange_begin"
"""The option of a connection to SQLite that says how its transactions begin, if not with the first statement."""

SESSION = {
    "timezone": "UTC",
    "random_page_cost": "1.1",
    "enable_mergejoin": "off",
    "enable_hashjoin": "off",
    "jit": "off",
}
"""Of a session of PostgreSQL. Instants are read back in its zone, where the last year of our calendar may be none.

Rows are looked up by their keys, a few hundred at a time: the planner is kept from reading a whole table, or an index
from its start, and the server from compiling a plan that looks dear.
"""

ASKED_AGAIN = 60.0
"""Seconds for which the time that the database once told is counted on."""


class UnsupportedDatabase(Exception):
    """The address names a database that the exchange does not run on."""


class UtcDateTime(TypeDecorator[datetime]):
    """An instant with microseconds, in UTC on both databases; a naive value is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value.astimezone(UTC)

    def result_processor(self, dialect: Any, coltype: object) -> Callable[[Any], datetime | None] | None:
        """None on PostgreSQL, whose sessions are in UTC: a list has thousands of instants."""
        return _from_text if dialect.name == "sqlite" else None


def _from_text(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(f"{text}+00:00")


@dataclass(frozen=True)
class Database:
    """An engine with the two kinds of transaction that the exchange uses.

    Calls of the API use connections and prepared statements; sessions, with entities, are for what is done rarely.
    """

    engine: Engine
    _asked: tuple[datetime, float] = field(default=(datetime.min, -math.inf), init=False, repr=False)
    """When the clock was last asked: what it said, and the instant by `time.monotonic()`."""

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection that only reads."""
        with self.engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                # Each statement sees what is committed when it begins, within a transaction or without one.
                _driver(connection).autocommit = True
            yield connection

    @contextmanager
    def begin(self, *, dry_run: bool = False) -> Iterator[Connection]:
        """A transaction that is committed at the end, or rolled back: by any exception, or if it is a dry run.

        SQLite takes its write lock at once: a transaction that reads first and writes later would fail
        whenever another process wrote in between.
        """
        with self.engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.execution_options(**{BEGIN: "IMMEDIATE"})
            with connection.begin():
                yield connection
                if dry_run:
                    connection.rollback()

    def recent_clock(self) -> datetime:
        """Now, counted on from what the database's clock said within this minute: to be shown, not to stamp."""
        instant, asked_at = self._asked
        elapsed = time.monotonic() - asked_at
        if elapsed > ASKED_AGAIN:
            with self.connect() as connection:
                instant, elapsed = clock(connection), 0.0
            object.__setattr__(self, "_asked", (instant, time.monotonic()))
        return instant + timedelta(seconds=elapsed)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that only reads. What was loaded in it can be used after its end."""
        with self.connect() as connection, session_on(connection) as session:
            yield session

    @contextmanager
    def write(self, *, dry_run: bool = False) -> Iterator[Session]:
        """A session in a transaction, as `begin` has it. What was loaded can be used after its end, as it was then."""
        with self.begin(dry_run=dry_run) as connection, session_on(connection) as session:
            yield session


@contextmanager
def session_on(connection: Connection) -> Iterator[Session]:
    """A session in the connection's transaction, which has what was changed in it when the block ends."""
    with Session(connection, expire_on_commit=False, join_transaction_mode="rollback_only") as session:
        yield session
        session.flush()


def connect(db_url: str, *, timeout: float | None = None, echo: bool = False, **kwargs: Any) -> Database:
    """Open the database at `db_url`, without touching it yet.

    `timeout` is the number of seconds that a statement, a lock, a new connection and the wait for one of the pool may
    each take; without it there is no limit but SQLite's own. Raises `UnsupportedDatabase` for a database that the
    exchange does not run on.
    """
    url = parse_url(db_url)
    kwargs = {"json_serializer": _as_json, **kwargs}
    if timeout is not None:
        kwargs = {"pool_timeout": timeout, **kwargs}
    if url.get_backend_name() == "sqlite":
        return Database(_connect_sqlite(url, timeout, echo=echo, **kwargs))
    return Database(_connect_postgresql(url, timeout, echo=echo, **kwargs))


def _as_json(value: Any) -> str:
    """As short as answers have it, which carry it as it is stored."""
    return msgspec.json.encode(value).decode()


def _connect_postgresql(url: URL, timeout: float | None, **kwargs: Any) -> Engine:
    options = " ".join(f"-c {name}={value}" for name, value in SESSION.items())
    if timeout is not None:
        options += f" {server_options(timeout)}"
    connect_args: dict[str, Any] = {"options": options}
    if url.get_driver_name() == "psycopg":
        connect_args["prepare_threshold"] = 0  # our statements are few, and come again
    kwargs["connect_args"] = {**connect_args, **kwargs.get("connect_args", {})}
    # The connection that was used last: its backend has what it needs at hand.
    engine = create_engine(url, hide_parameters=True, pool_use_lifo=True, **kwargs)
    if timeout is not None and url.get_driver_name() == "psycopg":
        event.listen(engine, "do_connect", connector(timeout))
    ping_idle(engine)

    @event.listens_for(engine, "checkin")
    def end_reading(driver: Any, _record: object) -> None:
        if driver is not None and driver.autocommit and not driver.closed:
            driver.autocommit = False

    return engine


def _driver(connection: Connection) -> Any:
    return connection.connection.dbapi_connection


def parse_url(db_url: str) -> URL:
    """The address with its driver; a bare `postgresql://` means psycopg, which is what is installed."""
    try:
        url = make_url(db_url)
    except (ArgumentError, ValueError):  # the second of a port that is no number
        raise UnsupportedDatabase("db_url is not a database address such as postgresql://...") from None
    match url.get_backend_name(), "+" in url.drivername:
        case "sqlite", _ if url.database in {None, "", ":memory:"}:
            raise UnsupportedDatabase("an SQLite database needs a file: in memory, each process has its own")
        case "sqlite", _:
            return url
        case "postgresql" | "postgres", False:
            return url.set(drivername="postgresql+psycopg")
        case "postgresql", True if url.get_dialect().is_async:
            raise UnsupportedDatabase(f"{url.drivername} is not supported: use postgresql://")
        case "postgresql", True:
            return url
        case name, _:
            raise UnsupportedDatabase(f"{name} is not supported: use postgresql:// or sqlite://")


def _connect_sqlite(url: URL, timeout: float | None, **kwargs: Any) -> Engine:
    arguments = {"timeout": timeout or SQLITE_PATIENCE, **kwargs.get("connect_args", {})}
    kwargs["connect_args"] = arguments
    engine = create_engine(url, hide_parameters=True, **kwargs)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        connection.create_function("clock_timestamp", 0, _sqlite_clock)
        for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        mode = connection.get_execution_options().get(BEGIN, "DEFERRED")
        seconds = min(arguments["timeout"], seconds_left())
        connection.connection.cursor().execute(f"PRAGMA busy_timeout={int(1000 * seconds)}")
        connection.exec_driver_sql(f"BEGIN {mode}")

    return engine


def _sqlite_clock() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


CLOCK = func.clock_timestamp(type_=UtcDateTime())
STATEMENT_CLOCK = select(CLOCK).scalar_subquery()
"""Read once for a statement: an index can be searched for it, and all rows that it writes get the same."""
_NOW = Prepared(select(CLOCK))


def clock(connection: Connection) -> datetime:
    """Now, by the database's clock, which is the only one that stamps anything."""
    instant: datetime = _NOW.fetch_value(connection, {})
    return instant
