"""The service as an operator runs it: two processes of it, on one database and one store."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest

from nbexchange.api.auth.tokens import TokenFile
from nbexchange.demo import servers
from nbexchange.storage.s3 import S3Store
from support.people.callers import Caller
from support.people.http_clients import HttpClient

PROCESSES = 2

TIRELESS = {"NBEXCHANGE_QUOTA_SUBMISSIONS_PER_MINUTE": "0", "NBEXCHANGE_QUOTA_SUBMISSIONS_PER_DAY": "0"}
"""Settings under which students may submit as often as no person does."""


@dataclass
class Installation:
    folder: Path
    settings: Mapping[str, str]
    tokens: TokenFile
    stack: ExitStack
    services: list[servers.Service] = field(default_factory=list)

    @property
    def urls(self) -> list[str]:
        return [service.url for service in self.services]

    @property
    def db_url(self) -> str:
        return self.settings["NBEXCHANGE_DB_URL"]

    # --- people --------------------------------------------------------------------------------------------

    def caller(self, name: str, roles: Mapping[str, str], org_id: str) -> Caller:
        """Somebody with a token, whose requests go to the processes in turn."""
        courses = [{"course_id": course, "course_role": role} for course, role in roles.items()]
        token = self.tokens.create({"name": name, "org_id": org_id, "courses": courses})
        return Caller(name, HttpClient(self.urls), token)

    def people(self) -> SimpleNamespace:
        """A teacher, a colleague and two students of cs1, in an organisation that nobody else is in."""
        org_id = str(uuid4())
        roles = {"teacher": "Instructor", "colleague": "Instructor", "ada": "Student", "ben": "Student"}
        everybody = {name: self.caller(name, {"cs1": role}, org_id) for name, role in roles.items()}
        return SimpleNamespace(org_id=org_id, **everybody)

    # --- processes -----------------------------------------------------------------------------------------

    def start(self, number: int, port: int | None = None) -> servers.Service:
        folder = self.folder / f"service-{number}"
        return self.stack.enter_context(servers.service(folder, self.settings, port=port))

    def kill(self, number: int) -> None:
        """End a process and its workers as the machine's memory killer does."""
        server = self.services[number].server
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()

    def restart(self, number: int) -> None:
        """Start a killed process again, at its old port."""
        port = int(self.services[number].url.rpartition(":")[2])
        self.services[number] = self.start(number, port)

    def begin_command(self, *arguments: str) -> subprocess.Popen[str]:
        environment = {
            **servers.clean_environment(),
            **servers.service_settings(self.folder / "service-0"),
            **self.settings,
        }
        command = [sys.executable, "-m", "nbexchange.api", *arguments]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    def collect_garbage(self, *, times: int = 1) -> list[str]:
        """Run `nbexchange gc`, several at once; gives what each printed."""
        running = [self.begin_command("gc") for _ in range(times)]
        printed = [command.communicate(timeout=60)[0] for command in running]
        assert [command.returncode for command in running] == [0] * times, printed
        return printed


def create_bucket(bucket: servers.Bucket) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", bucket.access_key)
        patch.setenv("AWS_SECRET_ACCESS_KEY", bucket.secret_key)
        S3Store(bucket.name, region=bucket.region, endpoint_url=bucket.endpoint_url).create()


@contextmanager
def installation(
    folder: Path, db_url: str, store: Mapping[str, str] | Path, **settings: str
) -> Iterator[Installation]:
    """Two processes on this database and this store: a directory, or the environment of a bucket."""
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(store, Path):
        store = {"NBEXCHANGE_BASE_STORAGE_LOCATION": str(store)}
    tokens = TokenFile(folder / "tokens.json")
    settings = {
        "NBEXCHANGE_DB_URL": db_url,
        "NBEXCHANGE_TOKEN_FILE": str(tokens.path),
        **TIRELESS,
        **store,
        **settings,
    }
    with ExitStack() as stack:
        running = Installation(folder, settings, tokens, stack)
        running.services += [running.start(number) for number in range(PROCESSES)]
        try:
            yield running
        finally:
            for number in range(PROCESSES):  # no farewell: it takes seconds
                running.kill(number)
