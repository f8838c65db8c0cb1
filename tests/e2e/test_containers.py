"""What the container files describe, as processes of this machine with the same commands and environments."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import psycopg
import pytest
import requests
from support.servers.containers import ROOT, Image, compose, example_variables, healthcheck

from nbexchange.api.db.upgrade import HEAD
from nbexchange.demo import servers

pytestmark = [pytest.mark.packaging, pytest.mark.xdist_group("image")]

BODY = b"an assignment"
PASSWORD = "a password with % and @"


@pytest.fixture(scope="module")
def image():
    """The image, in a folder that other users may enter."""
    folder = Path(tempfile.mkdtemp(prefix="nbexchange-image-"))
    folder.chmod(0o755)
    built = Image(folder)
    built.build()
    yield built
    shutil.rmtree(folder)


@dataclass(frozen=True)
class Deployment:
    """The compose file's services, on servers of this machine instead of the two that it fetches."""

    image: Image
    variables: Mapping[str, str]
    hosts: Mapping[str, str]
    """What stands for the hosts that only exist in a network of containers."""
    port: int

    def environment(self, name: str) -> dict[str, str]:
        service = compose(self.variables)["services"][name]
        environment = {**self.image.environment, **service["environment"]}
        for host, other in self.hosts.items():
            environment = {key: value.replace(host, other) for key, value in environment.items()}
        return {**environment, "NBEXCHANGE_PORT": str(self.port)}

    def run(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A one-off with the service's environment, and with its command unless another is given."""
        command = self.image.command(*(arguments or compose(self.variables)["services"][name]["command"]))
        return self._run(command, name)

    def check_health(self) -> subprocess.CompletedProcess[str]:
        return self._run(self.image.as_user(healthcheck()), "api")

    def _run(self, command: list[str], name: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd="/",
            env=self.environment(name),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @contextmanager
    def serving(self, log: Path):
        """The address of the service while it runs."""
        url = f"http://127.0.0.1:{self.port}"
        command = self.image.command(*compose(self.variables)["services"]["api"]["command"])
        with servers.process(
            command, self.environment("api"), log, lambda: servers.answers(f"{url}/healthz")
        ):
            yield url


@pytest.fixture
def deployment(image, tmp_path):
    with servers.s3_server(tmp_path / "objects") as bucket:
        address = urlsplit(bucket.endpoint_url)
        variables = {
            **example_variables(),
            "POSTGRES_PASSWORD": PASSWORD,
            "MINIO_ROOT_USER": bucket.access_key,
            "MINIO_ROOT_PASSWORD": bucket.secret_key,
            "S3_PUBLIC_URL": f"http://localhost:{address.port}",
        }
        with database(compose(variables)["services"]["db"]["environment"]) as socket:
            hosts = {
                "@db/nbexchange": f"@/nbexchange?host={socket}",
                "http://minio:9000": bucket.endpoint_url,
                "0.0.0.0": "127.0.0.1",
            }
            yield Deployment(image, variables, hosts, servers.free_port())


@contextmanager
def database(settings):
    """A server with what PostgreSQL's image makes of its environment; gives the folder of its socket."""
    folder, door = (Path(tempfile.mkdtemp(prefix="nbexchange-postgresql-")) for _ in range(2))
    door.chmod(0o755)
    user, name = settings["POSTGRES_USER"], settings["POSTGRES_DB"]
    with servers.postgresql(folder) as url:
        access = folder / "pg_hba.conf"
        access.write_text(f"local all {user} scram-sha-256\n{access.read_text()}")
        with psycopg.connect(url, autocommit=True) as connection:
            password = psycopg.sql.Literal(settings["POSTGRES_PASSWORD"])
            connection.execute(psycopg.sql.SQL(f"CREATE USER {user} PASSWORD {{}}").format(password))
            connection.execute(f"CREATE DATABASE {name} OWNER {user}")
            connection.execute("SELECT pg_reload_conf()")
        # The folder of the data is closed to other users, so the socket gets a second name.
        socket = Path(parse_qs(urlsplit(url).query)["host"][0]) / ".s.PGSQL.5432"
        (door / socket.name).hardlink_to(socket)
        yield door
    shutil.rmtree(folder)
    shutil.rmtree(door)


# --- from nothing to an assignment that was fetched --------------------------------------------------------


def test_an_assignment_is_released_and_fetched(deployment, tmp_path):
    """Each step as `docker compose up` does it, twice where it is done at every start."""
    for _ in range(2):
        migrated = deployment.run("migrate")
        assert migrated.stdout.startswith("The schema is at revision "), migrated.stderr
        created = deployment.run("bucket")
        assert created.returncode == 0, created.stderr
    files = deployment.image.files()
    assert deployment.check_health().returncode != 0
    with deployment.serving(tmp_path / "log") as url:
        assert deployment.check_health().returncode == 0
        assert requests.get(f"{url}/readyz", timeout=10).status_code == 200
        teacher, student = (documented(deployment, f"token new {who}") for who in ("teacher", "ada"))
        record = release(Caller(url, teacher), deployment.variables["S3_PUBLIC_URL"])
        assert fetch(Caller(url, student), record) == BODY
        assert "0 submissions completed" in documented(deployment, "gc")
    assert deployment.image.files() - files == {
        "var/lib/nbexchange/tokens.json",
        "var/lib/nbexchange/tokens.lock",
    }


def test_on_its_own_the_image_makes_an_sqlite_file_and_misses_the_demo(image, tmp_path):
    """Its wheel was installed with the service and nothing else."""
    environment = {**image.environment, "NBEXCHANGE_DATA_DIR": str(tmp_path / "data")}

    def run(*arguments):
        command = [f"{image.root}/opt/nbexchange/bin/nbexchange", *arguments]
        return subprocess.run(
            command, cwd="/", env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    for _ in range(2):
        assert run("db", "upgrade").stdout == f"The schema is at revision {HEAD}.\n"
    assert (tmp_path / "data" / "nbexchange.sqlite").exists()
    demo = run("demo")
    assert demo.returncode == 1
    assert demo.stderr == "nbexchange: the demo is not installed here: pip install 'nbexchange[demo]'\n"


def documented(deployment, beginning):
    """What the command in the operators' guide that begins like this prints."""
    text = (ROOT / "docs" / "operators.md").read_text()
    (command,) = re.findall(rf"docker compose exec (?:-T )?api nbexchange ({beginning}\b[^#\n]*)", text)
    done = deployment.run("api", *command.split())
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@dataclass(frozen=True)
class Caller:
    url: str
    token: str

    def call(self, method, path, **arguments):
        headers = {"Authorization": f"token {self.token}"}
        url = f"{self.url}/services/nbexchange/v1/{path}"
        answer = requests.request(method, url, headers=headers, timeout=10, **arguments)
        assert answer.status_code == 200, answer.text
        return answer.json()


def release(teacher, public_url):
    """Release `ps1` as a client does who can reach the store under its public name only."""
    item = {
        "id": str(uuid4()),
        "size": len(BODY),
        "sha256": hashlib.sha256(BODY).hexdigest(),
        "unpacked_size": len(BODY),
    }
    body = {"kind": "release", "course_id": "cs101", "assignment_id": "ps1", "items": [item]}
    (granted,) = teacher.call("POST", "uploads", json=body)["items"]
    assert granted["url"].startswith(f"{public_url}/nbexchange/")
    other_name = granted["url"].replace("//localhost:", "//127.0.0.1:")
    assert requests.put(other_name, data=BODY, headers=granted["headers"], timeout=10).status_code == 403
    assert requests.put(granted["url"], data=BODY, headers=granted["headers"], timeout=10).status_code == 200
    (completed,) = teacher.call("POST", "uploads/complete", json={"ids": [item["id"]]})["items"]
    return completed["record"]


def fetch(student, record):
    (listed,) = student.call("GET", "assignments")["assignments"]
    assert listed["assignment_id"] == record["assignment_id"]
    body = {"items": [{"kind": "release", "id": record["id"]}]}
    (granted,) = student.call("POST", "downloads", json=body)["items"]
    answer = requests.get(granted["url"], headers=granted["headers"], timeout=10)
    assert answer.status_code == 200
    return answer.content
