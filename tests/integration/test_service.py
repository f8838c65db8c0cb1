"""The service as operators run it: on nothing, with an older configuration file, by its commands, as two processes."""

from __future__ import annotations

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import requests
from support.faults.at_once import at_once
from support.people.commands import me, new_token, run_nbexchange, run_nbexchange_here, serving_here

from nbexchange.api.auth.tokens import TokenFile
from nbexchange.api.db import upgrade as schema
from nbexchange.api.db.engine import connect
from nbexchange.demo import servers

TEACHER = {"name": "teacher", "courses": [{"course_id": "cs1", "course_role": "Instructor"}]}


def test_the_embedded_default_works_on_nothing_and_survives_a_restart(tmp_path):
    token = new_token(tmp_path, "teacher", "cs1:instructor")
    body = {"kind": "release", "course_id": "cs1", "assignment_id": "ps1"}
    item = {
        "id": "7f1c8a5e-8f0e-4d3c-9d53-0d8f4d0f3b11",
        "size": 1,
        "sha256": "a" * 64,
        "unpacked_size": 1,
    }
    for _ in range(2):
        with servers.service(tmp_path, {}) as service:
            assert me(service.url, token).json()["name"] == "teacher"
            answer = requests.post(
                f"{service.base_url}v1/uploads",
                json={**body, "items": [item]},
                headers={"Authorization": f"token {token}"},
                timeout=10,
            )
            assert answer.json()["items"][0]["type"] == "upload"
            pending = requests.get(
                f"{service.base_url}v1/uploads", headers={"Authorization": f"token {token}"}, timeout=10
            )
            assert len(pending.json()["items"]) == 1


OLDER_FILE = """
from nbexchange.handlers.auth.user_handler import BaseUserHandler


class MyUserHandler(BaseUserHandler):
    def get_current_user(self, request):
        if "X-Name" not in request.headers:
            return None
        return {
            "name": request.headers["X-Name"],
            "full_name": "A Name",
            "email": "a@example.org",
            "lms_user_id": "7",
            "course_id": "Course 1",
            "course_title": "The first course",
            "course_role": "Instructor",
            "org_id": 1,
        }


c.NbExchange.user_plugin_class = MyUserHandler
c.NbExchange.base_url = "/services/exchange"
c.NbExchange.base_storage_location = "{storage}"
c.NbExchange.db_url = "{db_url}"
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_older_form_of_configuration_file_is_loaded(kind, tmp_path, request):
    storage = tmp_path / "courses"
    db_url = f"sqlite:///{tmp_path}/exchange.sqlite"
    if kind == "postgresql":
        db_url = request.getfixturevalue("empty_postgresql")
    file = tmp_path / "older_config.py"
    file.write_text(OLDER_FILE.replace("{storage}", str(storage)).replace("{db_url}", db_url))
    with serving_here(tmp_path, f"--NbExchange.config_file={file}") as address:
        url = f"{address}/services/exchange/v1/me"
        assert requests.get(url, timeout=10).status_code == 401
        answer = requests.get(url, headers={"X-Name": "prof"}, timeout=10).json()
    assert (answer["name"], answer["org_id"]) == ("prof", "1")
    assert answer["courses"] == [{"course_id": "Course 1", "role": "instructor", "title": "The first course"}]
    assert (storage / "objects").is_dir()
    assert (tmp_path / "exchange.sqlite").exists() == (kind == "sqlite")


# --- commands ----------------------------------------------------------------------------------------------


def test_a_token_is_printed_once_and_kept_only_as_a_digest(tmp_path):
    done = run_nbexchange_here(
        tmp_path, "token", "new", "ada", "cs1:student", "--email=ada@example.org", "--org=7"
    )
    token = done.out.strip()
    kept = (tmp_path / "data" / "tokens.json").read_text()
    assert token not in kept
    (user,) = json.loads(kept).values()
    assert (user["org_id"], user["email"]) == ("7", "ada@example.org")


def test_where_rosters_say_what_somebody_is_a_name_is_enough_for_a_token(tmp_path):
    done = run_nbexchange_here(tmp_path, "token", "new", "ada", NBEXCHANGE_DATABASE_ROSTER="True")
    assert len(done.out.strip()) > 30, done.err


@pytest.mark.parametrize(
    "arguments", [(), ("ada",), ("ada", "cs1"), ("ada", "cs1:king"), ("a/b", "cs1:student")]
)
def test_a_token_for_nobody_in_particular_is_refused(tmp_path, arguments):
    done = run_nbexchange_here(tmp_path, "token", "new", *arguments)
    assert done.status != 0
    assert "Traceback" not in done.err


@pytest.mark.parametrize("arguments", [("servee",), ("db", "upgarde"), ("db", "upgrade", "x"), ("gc", "now")])
def test_a_misspelt_command_does_nothing(tmp_path, arguments):
    done = run_nbexchange_here(tmp_path, *arguments)
    assert done.status != 0
    assert f"knows no {arguments[-1]!r}" in done.err
    assert not (tmp_path / "data").exists()


def test_an_older_schema_waits_for_the_upgrade(tmp_path, monkeypatch):
    database = connect(f"sqlite:///{tmp_path}/a.sqlite")
    schema.prepare(database)
    monkeypatch.setattr(schema, "REVISIONS", (*schema.REVISIONS, "9999"))
    monkeypatch.setattr(schema, "HEAD", "9999")
    for attempt in (schema.require_current, schema.prepare):
        with pytest.raises(schema.SchemaOutdated, match="nbexchange db upgrade"):
            attempt(database)
    database.engine.dispose()


def test_the_upgrade_says_where_the_schema_is_also_where_a_later_version_left_it(tmp_path):
    def upgrade():
        return run_nbexchange_here(tmp_path, "db", "upgrade").out

    assert upgrade() == f"The schema is at revision {schema.HEAD}.\n"
    with closing(sqlite3.connect(tmp_path / "data" / "nbexchange.sqlite")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    assert upgrade() == "The schema is at revision 9999.\n"


def test_gc_without_a_schema_says_so_in_one_sentence(tmp_path):
    done = run_nbexchange_here(tmp_path, "gc")
    assert done.status != 0
    assert "has no schema of the exchange: run `nbexchange db upgrade`" in done.err
    assert "SELECT" not in done.err


def test_gc_says_what_it_did(tmp_path):
    run_nbexchange_here(tmp_path, "db", "upgrade")
    done = run_nbexchange_here(tmp_path, "gc")
    assert (
        done.out
        == "0 submissions completed, 0 uploads expired, 0 objects deleted, 0 purged uploads forgotten\n"
    )


# --- several processes -------------------------------------------------------------------------------------


def test_two_processes_on_one_sqlite_file_lose_nothing(tmp_path):
    tokens = TokenFile(tmp_path / "data" / "tokens.json")
    teacher = tokens.create(TEACHER)
    with servers.service(tmp_path, {}) as one, servers.service(tmp_path, {}) as two:

        def initiate(number):
            item = {
                "id": f"00000000-0000-4000-8000-{number:012d}",
                "size": 1,
                "sha256": "a" * 64,
                "unpacked_size": 1,
                "force": True,
            }
            answer = requests.post(
                f"{(one, two)[number % 2].base_url}v1/uploads",
                json={"kind": "release", "course_id": "cs1", "assignment_id": "ps1", "items": [item]},
                headers={"Authorization": f"token {teacher}"},
                timeout=60,
            )
            return answer.status_code

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(initiate, range(60))) == {200}
        listed = requests.get(
            f"{one.base_url}v1/uploads", headers={"Authorization": f"token {teacher}"}, timeout=10
        )
    assert len(listed.json()["items"]) == 60


def test_upgrades_at_once_make_one_schema(tmp_path):
    done = at_once(*[lambda: run_nbexchange(tmp_path, "db", "upgrade")] * 3)
    assert {d.returncode for d in done} == {0}, [d.stderr for d in done]
