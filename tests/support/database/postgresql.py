"""Databases on a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from sqlalchemy import Engine, create_engine, text

from nbexchange.api.db.engine import parse_url


def run(url: str, *statements: str) -> None:
    """Run statements that PostgreSQL takes outside transactions only."""
    with _administrator(url).connect() as connection:
        for statement in statements:
            connection.execute(text(statement))


@cache
def _administrator(url: str) -> Engine:
    """Keeps its connection: nearly every test makes a database."""
    return create_engine(parse_url(url), isolation_level="AUTOCOMMIT", pool_pre_ping=True)


def make_careless(url: str) -> None:
    """Let a server that dies with the run not wait for its disk."""
    settings = [
        f"ALTER SYSTEM SET {name} = off" for name in ("fsync", "synchronous_commit", "full_page_writes")
    ]
    run(url, *settings, "SELECT pg_reload_conf()")


@cache
def _by_copying_files(url: str) -> str:
    """What halves the time where a server does not wait for its disk; before version 15 there was no choice."""
    with _administrator(url).connect() as connection:
        version = connection.dialect.server_version_info or ()
    return " STRATEGY FILE_COPY" if version >= (15,) else ""


@contextmanager
def new_database(server: str, name: str, template: str = "template1") -> Iterator[str]:
    """A database of this name while the block lasts; gives its address."""
    run(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"{_by_copying_files(server)}')
    try:
        yield parse_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        run(server, f'DROP DATABASE "{name}" WITH (FORCE)')
