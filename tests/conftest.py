"""Real parts for every test: PostgreSQL, S3 servers that verify signatures, the service over HTTP."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from flask import Flask
from support.database.copies import KINDS, Databases
from support.database.postgresql import make_careless, new_database
from support.servers.in_process import LIMITS, app_of, people_of, runtime_of, token_file_in
from support.servers.scenes import Scenes
from support.servers.serving import serving
from support.stores.temporary_credentials import role_options
from support.suite.once import built_once
from werkzeug.serving import make_server

from nbexchange.api.auth.tokens import StaticTokens, TokenFile
from nbexchange.api.config.quotas import Quotas
from nbexchange.api.db import upgrade as schema
from nbexchange.api.db.engine import Database, connect
from nbexchange.api.runtime import Runtime
from nbexchange.demo import servers
from nbexchange.protocol import Limits
from nbexchange.storage.local import LocalStore

pytest_plugins = [f"support.suite.{name}" for name in ("workers", "temporary", "groups", "seconds")]

DATABASE_URL = os.environ.get("NBEXCHANGE_TEST_DATABASE_URL")
"""Read before any test begins: none sees the variables of the machine."""

TURNS = pytest.StashKey[dict[str, Iterator[str]]]()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests marked `databases` run on the kinds that it names; the others of a module take turns, one kind each."""
    if "database_kind" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker("databases")
        turns = metafunc.config.stash.setdefault(TURNS, defaultdict(lambda: cycle(KINDS)))
        kinds = mark.args if mark else [next(turns[metafunc.module.__name__])]
        metafunc.parametrize("database_kind", kinds)


@pytest.fixture(autouse=True)
def no_configuration_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("JUPYTERHUB_", "NBEXCHANGE_", "NBEX_", "NAAS_", "AWS_")):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def no_waiting_for_a_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is away in a test stays away; `test_patience.py` has a clock of its own."""
    monkeypatch.setattr("nbexchange.plugin.settings.RETRY_SECONDS", 0)


# --- databases ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a PostgreSQL that is ours for this run, or of the one that the environment names."""
    if DATABASE_URL:
        yield DATABASE_URL
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
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite"
    database = connect(f"sqlite:///{path}")
    schema.prepare(database)
    database.engine.dispose()
    return path


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest) -> Databases:
    return Databases(request.getfixturevalue)


@pytest.fixture
def db_url(database_kind: str, databases: Databases, tmp_path: Path) -> Iterator[str]:
    """A database of this test's own, at the current schema."""
    with databases.copied(database_kind, tmp_path) as url:
        yield url


@pytest.fixture
def database(db_url: str, databases: Databases) -> Iterator[Database]:
    with databases.connected(db_url) as database:
        yield database


# --- object stores -----------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Bucket]:
    """Also gives temporary credentials, for the role in `support.stores.temporary_credentials`."""
    folder = tmp_path_factory.mktemp("s3")
    with servers.s3_server(folder, options=role_options(folder)) as bucket:
        yield bucket


# --- the service -------------------------------------------------------------------------------------------


@pytest.fixture
def limits() -> Limits:
    return LIMITS


@pytest.fixture
def quotas() -> Quotas:
    return Quotas()


@pytest.fixture
def token_file(tmp_path: Path) -> TokenFile:
    return token_file_in(tmp_path)


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "store")


@pytest.fixture
def services(
    database: Database, store: LocalStore, token_file: TokenFile, limits: Limits, quotas: Quotas
) -> Runtime:
    return runtime_of(database, store, StaticTokens(token_file), limits, quotas)


@pytest.fixture
def app(services: Runtime) -> Flask:
    return app_of(services)


@pytest.fixture
def people(app: Flask, token_file: TokenFile) -> SimpleNamespace:
    """The callers: `people.ada.get("me")`."""
    return people_of(app, token_file)


@pytest.fixture(scope="session")
def sqlite_scenes(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scenes]:
    with ExitStack() as stack:
        yield Scenes("sqlite", databases, lambda: tmp_path_factory.mktemp("scene"), stack)


@pytest.fixture(scope="session")
def postgresql_scenes(
    databases: Databases, postgresql_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scenes]:
    with ExitStack() as stack:
        yield Scenes("postgresql", databases, lambda: tmp_path_factory.mktemp("scene"), stack)


@pytest.fixture
def scenes(database_kind: str, request: pytest.FixtureRequest) -> Scenes:
    """What was done before the test, on the kind of database that it runs on."""
    scenes: Scenes = request.getfixturevalue(f"{database_kind}_scenes")
    return scenes


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

    def build(folder: Path) -> None:
        from nbgrader.api import Gradebook  # seconds, for the few tests that need it

        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
            Gradebook(f"sqlite:///{folder}/gradebook.db").close()

    return built_once(tmp_path_factory, "gradebook", build) / "gradebook.db"
