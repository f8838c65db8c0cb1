"""Settings that cannot work, each tried on the service, which does not start on them."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
import requests
from support.people.commands import run_nbexchange, run_nbexchange_here, serving_here

ANY_ADDRESS = {"NBEXCHANGE_ALLOW_STATIC_TOKENS": "true"}
BUCKET = {"NBEXCHANGE_BASE_STORAGE_LOCATION": "s3://b"}


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"NBEXCHANGE_MAX_BUFFER_SIZE": str((5 << 30) + 1)}, "5 GiB"),
        ({"NBEXCHANGE_MAX_BUFFER_SIZE": "0"}, "max_buffer_size"),
        ({"NBEXCHANGE_DB_URL": "mysql://u:p4ssword@host/db"}, "mysql is not supported"),
        ({"NBEXCHANGE_DB_URL": "nonsense"}, "db_url"),
        ({"NBEXCHANGE_BASE_STORAGE_LOCATION": "gs://bucket"}, "s3://bucket/prefix"),
        ({"NBEXCHANGE_BASE_STORAGE_LOCATION": "s3:///prefix"}, "s3://bucket/prefix"),
        ({"NBEXCHANGE_BASE_STORAGE_LOCATION": "file://host/store"}, "file:///path"),
        ({"NBEXCHANGE_BASE_STORAGE_LOCATION": "/proc/nowhere"}, "/proc/nowhere"),
        ({"NBEXCHANGE_CONFIG_FILE": "/nowhere/config.py"}, "no configuration file"),
        (
            {"NBEXCHANGE_USER_PLUGIN_CLASS": "no.such.Class"},
            "'no.such.Class', which is none of jupyterhub, jwt, proxy, tokens and cannot be imported",
        ),
        (
            {"NBEXCHANGE_USER_PLUGIN_CLASS": "json"},
            "nbexchange: c.NbExchange.user_plugin_class expected a subclass",
        ),
        ({"NBEXCHANGE_PORT": "http"}, "nbexchange: c.NbExchange.port expected an int, not the str 'http'"),
        ({"NBEXCHANGE_PORT": "65536"}, "nbexchange: c.NbExchange.port should not be greater than 65535"),
        ({"NBEXCHANGE_DATABASE_TIMEOUT": "nan"}, "c.NbExchange.database_timeout"),
        ({"NBEXCHANGE_REQUEST_TIMEOUT": "inf"}, "c.NbExchange.request_timeout should not be greater than"),
        ({"NBEXCHANGE_DATABASE_TIMEOUT": "5"}, "more than half of NbExchange.request_timeout"),
        ({**BUCKET, "NBEXCHANGE_S3_TIMEOUT": "5"}, "S3Store.timeout is more than half"),
        ({"NBEXCHANGE_IP": "192.0.2.1", **ANY_ADDRESS}, "the service cannot listen on 192.0.2.1, port 9000"),
        ({"NBEXCHANGE_IP": "no.such.invalid", **ANY_ADDRESS}, "cannot listen on no.such.invalid"),
        ({"NBEXCHANGE_BASE_URL": "https://hub/exchange"}, "base_url is no path such as /services/"),
        ({"NBEXCHANGE_BASE_URL": "/a/../b"}, "base_url is no path"),
        ({"NBEXCHANGE_BASE_URL": "/the exchange/"}, "base_url is no path"),
        ({"NBEXCHANGE_DB_URL": "postgresql://u:p4ssword@host:port/db"}, "db_url"),
        ({"NBEXCHANGE_DB_URL": "postgresql+asyncpg://u:p4ssword@host/db"}, "asyncpg is not supported"),
        ({"NBEXCHANGE_DB_URL": "sqlite:////proc"}, "Is a directory: '/proc'"),
        (
            {"NBEXCHANGE_USER_PLUGIN_CLASS": "jupyterhub", "NBEXCHANGE_HUB_API_URL": "hub:8081/hub/api"},
            "api_url is no web address",
        ),
        (
            {**BUCKET, "NBEXCHANGE_BASE_STORAGE_LOCATION": "s3://work--use1-az4--x-s3"},
            "a directory bucket of S3 Express",
        ),
        ({**BUCKET, "NBEXCHANGE_S3_REGION": "eu west 1"}, "c.S3Store has a setting that cannot be used"),
        (
            {**BUCKET, "AWS_ACCESS_KEY_ID": "alone", "AWS_SECRET_ACCESS_KEY": ""},
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ),
        (
            {
                "NBEXCHANGE_DB_URL": "postgresql://u:p4ssword@127.0.0.1:1/x",
                "NBEXCHANGE_DATABASE_PATIENCE": "0",
            },
            "the database cannot be used",
        ),
        ({"NBEXCHANGE_DB_KWARGS": "{'foo': 1}"}, "foo"),
        ({"NBEXCHANGE_USER_PLUGIN_CLASS": "builtins.dict"}, "get_current_user"),
        (
            {"NBEXCHANGE_BASE_STORAGE_LOCATION": "s3://b", "NBEXCHANGE_S3_ENDPOINT_URL": "nonsense"},
            "nonsense",
        ),
    ],
    ids=str,
)
def test_the_service_refuses_to_start_on_what_cannot_work(tmp_path, settings, word):
    done = run_nbexchange_here(tmp_path, "serve", **settings)
    assert done.status != 0
    assert word in done.err
    assert "Traceback" not in done.err
    assert done.err.count("\n") == 1
    assert "p4ssword" not in done.err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("c.NbExchange.port = nonsense", "line 2: NameError: name 'nonsense' is not defined"),
        ("c.NbExchange.ip = '127.0.0.1", "line 2: SyntaxError: unterminated string literal"),
        ("import no_such_module", "line 2: ModuleNotFoundError: No module named 'no_such_module'"),
        ("import ast; ast.parse(')')", "line 2: SyntaxError: unmatched ')'"),
    ],
)
def test_a_mistake_in_the_configuration_file_stops_the_service_and_its_line_is_named(tmp_path, line, said):
    file = tmp_path / "bad.py"
    file.write_text(f"c.NbExchange.debug = True\n{line}\n")
    done = run_nbexchange_here(tmp_path, "serve", NBEXCHANGE_CONFIG_FILE=str(file))
    assert done.status != 0
    assert done.err.startswith(f"nbexchange: {file} cannot be read: {said}")
    assert done.err.count("\n") == 1


def test_a_misspelt_setting_stops_the_service(tmp_path):
    file = tmp_path / "misspelt.py"
    file.write_text("c.NbExchange.prot = 1\n")
    for done in (
        run_nbexchange_here(tmp_path, "serve", NBEXCHANGE_CONFIG_FILE=str(file)),
        run_nbexchange_here(tmp_path, "serve", "--NbExchange.prot=1"),
    ):
        assert done.status != 0
        assert done.err == "nbexchange: c.NbExchange.prot is no setting: did you mean c.NbExchange.port?\n"


def test_what_has_no_effect_is_pointed_out_in_the_log(tmp_path):
    file = tmp_path / "older.py"
    file.write_text("c.NbExchange.timezone = 'UTC'\n")
    done = run_nbexchange(
        tmp_path, "db", "upgrade", NBEXCHANGE_CONFIG_FILE=str(file), NBEXCHANGE_PROT="secret"
    )
    assert done.returncode == 0
    assert "WARNING nbexchange.api.cli.base: c.NbExchange.timezone of older versions has no" in done.stderr
    assert "WARNING nbexchange.api.cli.base: NBEXCHANGE_PROT states no setting" in done.stderr
    assert len(done.stderr.splitlines()) == 2
    assert "secret" not in done.stderr


def test_reset_db_is_a_flag_and_refused_in_a_file(tmp_path):
    file = tmp_path / "reset.py"
    file.write_text("c.NbExchange.reset_db = True\n")
    done = run_nbexchange_here(tmp_path, "serve", NBEXCHANGE_CONFIG_FILE=str(file))
    assert "reset_db is refused in a file" in done.err
    db = tmp_path / "a.sqlite"
    settings = {"NBEXCHANGE_DB_URL": f"sqlite:///{db}"}
    run_nbexchange_here(tmp_path, "db", "upgrade", **settings)
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("INSERT INTO organisation (org_id) VALUES ('1')")
    with (
        serving_here(tmp_path, "--reset-db", "--yes", **settings),
        closing(sqlite3.connect(db)) as connection,
    ):
        assert connection.execute("SELECT count(*) FROM organisation").fetchone() == (0,)


def test_a_database_of_another_program_is_refused_and_an_empty_one_is_made(tmp_path):
    db = tmp_path / "old.sqlite"
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("CREATE TABLE something (x int)")
    settings = {"NBEXCHANGE_DB_URL": f"sqlite:///{db}"}
    done = run_nbexchange_here(tmp_path, "serve", **settings)
    assert "a database of another program" in done.err
    assert "a database of another program" in run_nbexchange_here(tmp_path, "db", "upgrade", **settings).err
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("DROP TABLE something")
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        connection.execute("INSERT INTO alembic_version VALUES ('of another program')")
    assert "a database of another program" in run_nbexchange_here(tmp_path, "serve", **settings).err
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("DELETE FROM alembic_version")
        connection.execute("DROP TABLE alembic_version")
    with serving_here(tmp_path, "--upgrade-db", **settings) as url:
        assert requests.get(f"{url}/readyz", timeout=10).status_code == 200
