"""The service as its own processes, on PostgreSQL and one of the stores, and the people who call it."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text
from support.people.callers import COURSE, TEACHER
from support.servers.installation import TIRELESS

from benchmarks.processes import cpu_seconds
from nbexchange.api.auth.tokens import TokenFile
from nbexchange.api.db.engine import Database, connect
from nbexchange.demo import servers
from nbexchange.demo.cycle import initialise_storage

LOGGED = re.compile(r"LOG:  (?:statement|execute [^:]*): (.*)")
ENDS = {"BEGIN", "COMMIT", "ROLLBACK"}
RELOAD = 0.1
"""Seconds in which all processes of PostgreSQL have read their settings anew."""

STORES = {"local": "a directory", "s3": "S3"}


@dataclass(frozen=True)
class Scene:
    """A running service with its database."""

    service: servers.Service
    database: Database
    postgresql: Path
    """The folder of the server's data, and of its log."""
    tokens: TokenFile

    @property
    def pid(self) -> int:
        return self.service.server.pid

    @property
    def postgresql_pid(self) -> int:
        return int((self.postgresql / "postmaster.pid").read_text().split()[0])

    def cpu_seconds(self) -> list[float]:
        """Of the service and of PostgreSQL, each with its processes."""
        return [cpu_seconds(self.pid), cpu_seconds(self.postgresql_pid)]

    def token(self, name: str) -> str:
        role = "Instructor" if name == TEACHER else "Student"
        return self.tokens.create({"name": name, "courses": [{"course_id": COURSE, "course_role": role}]})


@contextmanager
def running_service(
    folder: Path, store: str, *, workers: int = 2, python: str = sys.executable
) -> Iterator[Scene]:
    """Everything is real and durable: PostgreSQL waits for its disk, the S3 server verifies signatures.

    `python` is that of the environment in which the service is installed.
    """
    settings = {"NBEXCHANGE_WORKERS": str(workers), **TIRELESS}
    service_folder = folder / "service"
    service_folder.mkdir(parents=True)
    with ExitStack() as stack:
        url = settings["NBEXCHANGE_DB_URL"] = stack.enter_context(servers.postgresql(folder / "postgresql"))
        if store == "s3":
            settings |= stack.enter_context(servers.s3_server(folder / "s3")).environment
            initialise_storage(service_folder, settings)
        service = stack.enter_context(servers.service(service_folder, settings, python=python))
        database = connect(url)
        stack.callback(database.engine.dispose)
        yield Scene(
            service, database, folder / "postgresql", TokenFile(service_folder / "data" / "tokens.json")
        )


def run_statement(database: Database, statement: str) -> None:
    """Run what PostgreSQL takes outside transactions only."""
    with database.connect() as connection:
        connection.execute(text(statement))


@contextmanager
def counted_statements(scene: Scene) -> Iterator[list[str]]:
    """The statements that reach PostgreSQL meanwhile, as its log has them, once the block has ended."""
    log = scene.postgresql / "log"
    statements: list[str] = []
    try:
        _configure(scene.database, "SET log_statement = 'all'")
        start = log.stat().st_size
        yield statements
    finally:
        end = log.stat().st_size
        _configure(scene.database, "RESET log_statement")
    logged = log.read_bytes()[start:end].decode(errors="replace")
    statements += [text for text in LOGGED.findall(logged) if text not in ENDS]


def _configure(database: Database, change: str) -> None:
    run_statement(database, f"ALTER SYSTEM {change}")
    run_statement(database, "SELECT pg_reload_conf()")
    time.sleep(RELOAD)


def student(number: int) -> str:
    return f"student-{number:04}"


def assignment(number: int) -> str:
    return f"ps{number}"
