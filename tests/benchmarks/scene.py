"""The service as its own processes, on PostgreSQL and one of the stores, and the people who call it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.people.callers import COURSE, TEACHER
from support.servers.installation import TIRELESS

from nbexchange.api.auth.tokens import TokenFile
from nbexchange.api.db.engine import Database, connect
from nbexchange.demo import servers
from nbexchange.demo.cycle import initialise_storage

STORES = {"local": "a directory", "s3": "S3"}


@dataclass(frozen=True)
class Scene:
    """A running service with its database."""

    service: servers.Service
    database: Database
    postgresql_pid: int
    tokens: TokenFile

    @property
    def pid(self) -> int:
        return self.service.server.pid

    def token(self, name: str) -> str:
        role = "Instructor" if name == TEACHER else "Student"
        return self.tokens.create({"name": name, "courses": [{"course_id": COURSE, "course_role": role}]})


@contextmanager
def running_service(folder: Path, store: str, *, workers: int = 2) -> Iterator[Scene]:
    """Everything is real and durable: PostgreSQL waits for its disk, the S3 server verifies signatures."""
    settings = {"NBEXCHANGE_WORKERS": str(workers), **TIRELESS}
    service_folder = folder / "service"
    service_folder.mkdir(parents=True)
    with ExitStack() as stack:
        url = settings["NBEXCHANGE_DB_URL"] = stack.enter_context(servers.postgresql(folder / "postgresql"))
        if store == "s3":
            settings |= stack.enter_context(servers.s3_server(folder / "s3")).environment
            initialise_storage(service_folder, settings)
        service = stack.enter_context(servers.service(service_folder, settings))
        database = connect(url)
        stack.callback(database.engine.dispose)
        pid = int((folder / "postgresql" / "postmaster.pid").read_text().split()[0])
        yield Scene(service, database, pid, TokenFile(service_folder / "data" / "tokens.json"))


def student(number: int) -> str:
    return f"student-{number:04}"


def assignment(number: int) -> str:
    return f"ps{number}"
