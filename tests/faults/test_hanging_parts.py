"""A database, a store or a lock that answers nobody, and does not say so: who has to wait, and for how long."""

from __future__ import annotations

import socket
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from types import SimpleNamespace
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import requests
from support.database.postgresql import new_database
from support.faults.relay import relay
from support.people.callers import Caller, archive_item, outcome
from support.people.http_clients import HttpClient
from support.servers.installation import create_bucket

from nbexchange.api.auth.tokens import TokenFile
from nbexchange.api.db.engine import parse_url
from nbexchange.demo import servers

pytestmark = pytest.mark.xdist_group("hanging parts")  # of one service

THREADS = 2
MANY = 3 * THREADS

SETTINGS = {
    "NBEXCHANGE_WORKERS": "1",
    "NBEXCHANGE_THREADS": str(THREADS),
    "NBEXCHANGE_DATABASE_TIMEOUT": "0.5",
    "NBEXCHANGE_S3_TIMEOUT": "0.5",
    "NBEXCHANGE_QUOTA_SUBMISSIONS_PER_MINUTE": "0",
}


@pytest.fixture(scope="module")
def scene(tmp_path_factory, postgresql_server, postgresql_template, s3_server):
    """A service whose PostgreSQL and S3 server are reached over lines that can be held."""
    create_bucket(s3_server)
    name = f"hanging_{uuid4().hex}"
    with (
        new_database(postgresql_server, name, postgresql_template) as db_url,
        relay(lambda: dial_postgresql(db_url)) as database,
        relay(lambda: dial_tcp(s3_server.endpoint_url)) as store,
    ):
        url = parse_url(db_url).set(host="127.0.0.1", port=database.server_address[1], query={})
        settings = {
            **SETTINGS,
            **s3_server.environment,
            "NBEXCHANGE_DB_URL": url.render_as_string(hide_password=False),
            "NBEXCHANGE_S3_ENDPOINT_URL": f"http://127.0.0.1:{store.server_address[1]}",
            "NBEXCHANGE_S3_PUBLIC_ENDPOINT_URL": s3_server.endpoint_url,
        }
        with servers.service(tmp_path_factory.mktemp("hanging"), settings) as service:
            yield SimpleNamespace(service=service, database=database, store=store, **people(service))


def dial_postgresql(db_url):
    url = parse_url(db_url)
    if url.host and not url.host.startswith("/"):
        return socket.create_connection((url.host, url.port or 5432))
    folder = url.host or url.query["host"]
    there = socket.socket(socket.AF_UNIX)
    there.connect(f"{folder}/.s.PGSQL.{url.port or 5432}")
    return there


def dial_tcp(address):
    return socket.create_connection((urlsplit(address).hostname, urlsplit(address).port))


def people(service):
    tokens = TokenFile(service.log.parent / "data" / "tokens.json")
    roles = {"teacher": "Instructor", "ada": "Student"}
    return {
        name: Caller(
            name,
            HttpClient([service.url]),
            tokens.create({"name": name, "courses": [{"course_id": "cs1", "course_role": role}]}),
        )
        for name, role in roles.items()
    }


def at_once(function, number=MANY):
    """Call it so many times at the same moment; gives the calls that are under way."""
    pool = ThreadPoolExecutor(number)
    calls = [pool.submit(function) for _ in range(number)]
    pool.shutdown(wait=False)
    return calls


def test_while_the_database_hangs_everybody_is_told_so_and_then_it_goes_on(scene):
    scene.teacher.release(force=True)
    with scene.database.held():
        calls = at_once(lambda: scene.ada.get("assignments"))
        assert requests.get(f"{scene.service.url}/healthz", timeout=5).status_code == 200
        assert requests.get(f"{scene.service.url}/readyz", timeout=20).status_code == 503
        answers = [call.result(timeout=20) for call in calls]
    assert {(answer.status_code, answer.json["type"]) for answer in answers} <= {
        (503, "database-unavailable"),
        (503, "service-busy"),
    }
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
    assert scene.ada.get("assignments").status_code == 200
    assert requests.get(f"{scene.service.url}/readyz", timeout=20).status_code == 200
    assert "Traceback" not in scene.service.log.read_text()


def test_while_the_store_hangs_all_that_does_without_it_goes_on(scene):
    scene.teacher.release(force=True)
    item = archive_item(b"work")
    (granted,) = scene.ada.begin("submission", item)
    assert (
        requests.put(granted["url"], data=b"work", headers=granted["headers"], timeout=20).status_code == 200
    )
    with scene.store.held():
        calls = at_once(lambda: scene.ada.complete(item))
        assert scene.ada.get("assignments").status_code == 200
        assert requests.get(f"{scene.service.url}/healthz", timeout=5).status_code == 200
        answers = [call.result(timeout=20) for call in calls]
        assert requests.get(f"{scene.service.url}/readyz", timeout=20).status_code == 503
    kinds = {(answer.status_code, answer.json["type"]) for answer in answers}
    assert {(503, "storage-unavailable")} <= kinds <= {(503, "storage-unavailable"), (503, "service-busy")}
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
    assert outcome(scene.ada.complete(item)) == "completed"


@pytest.mark.usefixtures("scene")
def test_while_writers_wait_for_the_lock_of_sqlite_readers_and_probes_are_answered(tmp_path):
    with servers.service(tmp_path, SETTINGS) as service:
        callers = people(service)
        callers["teacher"].release()
        database = service.log.parent / "data" / "nbexchange.sqlite"
        with closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            calls = at_once(lambda: callers["ada"].initiate("submission", archive_item(b"work")))
            for path in ("healthz", "readyz"):
                assert requests.get(f"{service.url}/{path}", timeout=5).status_code == 200
            assert callers["ada"].get("assignments").status_code == 200
            answers = [call.result(timeout=20) for call in calls]
            kinds = {(answer.status_code, answer.json["type"]) for answer in answers}
            assert (
                {(503, "database-unavailable")}
                <= kinds
                <= {
                    (503, "database-unavailable"),
                    (503, "service-busy"),
                }
            )
            other.execute("ROLLBACK")
        assert callers["ada"].submit()["attempt"] == 1
