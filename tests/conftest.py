"""Real parts for every test: PostgreSQL, S3 servers that verify signatures, the service over HTTP."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from flask import Flask
from nbgrader.api import Gradebook
from support.callers import Caller
from support.postgresql import make_careless, new_database
from support.serving import serving
from support.temporary_credentials import role_options
from werkzeug.serving import make_server

from nbexchange.api.auth.tokens import StaticTokens, TokenFile
from nbexchange.api.config.quotas import Quotas
from nbexchange.api.db import upgrade as schema
from nbexchange.api.db.engine import Database, connect
from nbexchange.api.http.application import create_app
from nbexchange.api.runtime import Services
from nbexchange.demo import servers
from nbexchange.protocol import MAX_ITEMS, Limits
from nbexchange.storage.local import LocalStore

PEOPLE = {
    "teacher": [("cs1", "Instructor")],
    "colleague": [("cs1", "Instructor")],
    "grader": [("cs1", "Grader")],
    "service:cs1": [("cs1", "Instructor")],
    "ada": [("cs1", "Student")],
    "ben": [("cs1", "Student")],
    "stranger": [("cs2", "Instructor")],
    "outsider": [("art", "Student")],
}
"""Who there is, with their courses. `other_*` are people of the same name in another organisation."""


@pytest.fixture(autouse=True)
def no_configuration_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("JUPYTERHUB_", "NBEXCHANGE_", "NBEX_", "NAAS_", "AWS_")):
            monkeypatch.delenv(name)


# --- databases ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a PostgreSQL that is ours for this run, or of the one that the environment names."""
    given = os.environ.get("NBEXCHANGE_TEST_DATABASE_URL")
    if given:
        yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="nbexchange-postgresql-"))
    with servers.postgresql(folder) as url:
        make_careless(url)
        yield url
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> Iterator[str]:
    name = f"template_{uuid4().hex}"
    with new_database(postgresql_server, name) as url:
        database = connect(url)
        schema.prepare(database)
        database.engine.dispose()
        yield name


@pytest.fixture
def empty_postgresql(postgresql_server: str) -> Iterator[str]:
    """A database without any table."""
    with new_database(postgresql_server, f"empty_{uuid4().hex}") as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("sqlite") / "template.sqlite"
    database = connect(f"sqlite:///{place}")
    schema.prepare(database)
    database.engine.dispose()
    return place


@pytest.fixture(params=["sqlite", "postgresql"])
def db_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of this test's own, at the current schema: each test runs on both kinds."""
    if request.param == "sqlite":
        place = tmp_path / "test.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), place)
        yield f"sqlite:///{place}"
        return
    template = request.getfixturevalue("postgresql_template")
    with new_database(request.getfixturevalue("postgresql_server"), f"test_{uuid4().hex}", template) as url:
        yield url


@pytest.fixture
def database(db_url: str) -> Iterator[Database]:
    database = connect(db_url)
    yield database
    database.engine.dispose()


# --- object stores -----------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Bucket]:
    """Also gives temporary credentials, for the role in `support.temporary_credentials`."""
    folder = tmp_path_factory.mktemp("s3")
    with servers.s3_server(folder, options=role_options(folder)) as bucket:
        yield bucket


# --- the service -------------------------------------------------------------------------------------------


@pytest.fixture
def limits() -> Limits:
    return Limits(max_buffer_size=1_000_000, max_unpacked_size=4_000_000, max_items=MAX_ITEMS)


@pytest.fixture
def quotas() -> Quotas:
    return Quotas()


@pytest.fixture
def token_file(tmp_path: Path) -> TokenFile:
    return TokenFile(tmp_path / "tokens.json")


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "store")


@pytest.fixture
def services(
    database: Database, store: LocalStore, token_file: TokenFile, limits: Limits, quotas: Quotas
) -> Services:
    return Services(database, store, StaticTokens(token_file), limits, quotas)


@pytest.fixture
def app(services: Services) -> Flask:
    return create_app(services, "/services/nbexchange/")


@pytest.fixture
def people(app: Flask, token_file: TokenFile) -> SimpleNamespace:
    """The callers: `people.ada.get("me")`."""

    def caller(name: str, org_id: int | str) -> Caller:
        courses = [{"course_id": c, "course_role": r} for c, r in PEOPLE[name]]
        contact = {"full_name": f"{name.title()} van Test", "email": f"{name}@example.org"}
        token = token_file.create({"name": name, "org_id": org_id, "courses": courses, **contact})
        return Caller(name, app.test_client(), token)

    everybody = {name: caller(name, 1) for name in PEOPLE}
    everybody |= {f"other_{name}": caller(name, 2) for name in ("teacher", "ada")}
    everybody["nobody"] = Caller("nobody", app.test_client(), None)
    everybody["impostor"] = Caller("impostor", app.test_client(), "not-a-token")
    return SimpleNamespace(**everybody)


@pytest.fixture
def released(people: SimpleNamespace) -> SimpleNamespace:
    """The people, with `ps1` released in `cs1`."""
    people.teacher.release()
    return people


@pytest.fixture
def live_url(app: Flask) -> Iterator[str]:
    """The app over real HTTP, in this process."""
    with serving(make_server("127.0.0.1", 0, app, threaded=True)) as url:
        yield url


# --- nbgrader ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def gradebook_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """nbgrader makes a gradebook by running `alembic` from the PATH, which takes its time."""
    place = tmp_path_factory.mktemp("gradebook") / "gradebook.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
        Gradebook(f"sqlite:///{place}").close()
    return place
