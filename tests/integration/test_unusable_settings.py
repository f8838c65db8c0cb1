"""Settings that cannot work, each tried on the service, which does not start on them."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
import requests
from support.people.commands import run_nbexchange, run_nbexchange_here, serving_here


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
        ({"NBEXCHANGE_USER_PLUGIN_CLASS": "no.such.Class"}, "no.such"),
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


def test_a_mistake_in_the_configuration_file_stops_the_service(tmp_path):
    file = tmp_path / "bad.py"
    file.write_text("c.NbExchange.port = nonsense\n")
    done = run_nbexchange(tmp_path, "serve", NBEXCHANGE_CONFIG_FILE=str(file))
    assert done.returncode != 0
    assert "nonsense" in done.stderr


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
