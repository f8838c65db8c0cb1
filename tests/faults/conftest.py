"""Two processes of the service on one PostgreSQL and one S3 server, shared by the tests that break nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from support.database.ledger import check_ledger
from support.database.postgresql import new_database
from support.people.classroom import Desk
from support.servers.installation import Installation, create_bucket, installation

from nbexchange.api.db.engine import Database, connect
from nbexchange.demo.servers import Bucket


@pytest.fixture(scope="session")
def pair(
    tmp_path_factory: pytest.TempPathFactory,
    postgresql_server: str,
    postgresql_template: str,
    s3_server: Bucket,
) -> Iterator[Installation]:
    folder, name = tmp_path_factory.mktemp("pair"), f"pair_{uuid4().hex}"
    with (
        new_database(postgresql_server, name, postgresql_template) as db_url,
        installation(folder, db_url, s3_server.environment) as running,
    ):
        create_bucket(s3_server)
        yield running


@pytest.fixture
def people(pair: Installation) -> SimpleNamespace:
    """People of an organisation of this test's own, whose requests go to the two processes in turn."""
    return pair.people()


@pytest.fixture
def released(people: SimpleNamespace) -> SimpleNamespace:
    people.teacher.release()
    return people


@pytest.fixture
def database(pair: Installation) -> Iterator[Database]:
    """What the two processes work on, looked at from outside."""
    database = connect(pair.db_url)
    yield database
    database.engine.dispose()


@pytest.fixture
def lines() -> Iterator[ExitStack]:
    """What the connections of a test are closed with."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def desks(
    pair: Installation, people: SimpleNamespace, tmp_path: Path, gradebook_template: Path
) -> SimpleNamespace:
    """The same people with nbgrader at their own machines: the teacher at one process, students at the other."""
    urls = {"teacher": pair.urls[0], "ada": pair.urls[1], "ben": pair.urls[1]}
    everybody = {}
    for name, url in urls.items():
        everybody[name] = Desk(tmp_path / "homes" / name, url, getattr(people, name).token)
        everybody[name].home.mkdir(parents=True)
    shutil.copy(gradebook_template, everybody["teacher"].home / "gradebook.db")
    return SimpleNamespace(**everybody)


@pytest.fixture
def nothing_is_half_recorded(database: Database) -> Iterator[None]:
    """Afterwards the rows that belong together are all there."""
    yield
    check_ledger(database)
