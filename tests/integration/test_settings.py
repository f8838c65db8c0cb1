"""Settings, each tried on the service: what takes effect."""

from __future__ import annotations

import sys

import pytest
from support.people.callers import Caller, archive_item
from support.people.commands import me, new_token, run_nbexchange_here, serving_here
from support.people.http_clients import HttpClient

from nbexchange.api.config.build import build_database, build_store
from nbexchange.api.config.settings import NbExchange
from nbexchange.demo import servers


def test_ip_port_workers_threads_and_debug(tmp_path):
    settings = {
        "NBEXCHANGE_IP": "127.0.0.2",
        "NBEXCHANGE_WORKERS": "3",
        "NBEXCHANGE_THREADS": "5",
        "NBEXCHANGE_DEBUG": "true",
    }
    port = servers.free_port()
    command = [sys.executable, "-m", "nbexchange.api", "serve"]
    environment = {
        **servers.clean_environment(),
        **servers.service_settings(tmp_path),
        **settings,
        "NBEXCHANGE_PORT": str(port),
    }
    url = f"http://127.0.0.2:{port}/healthz"
    with servers.process(command, environment, tmp_path / "log", lambda: servers.answers(url)):
        pass
    log = (tmp_path / "log").read_text()
    assert f"http://127.0.0.2:{port}" in log
    assert log.count("Booting worker") == 3
    assert "nbexchange.api.http.connections.Worker" in log
    assert "[DEBUG]" in log


def test_workers_reach_gunicorn_and_threads_the_gateway():
    from nbexchange.api.http.server import Server

    server = Server(NbExchange(threads=5, workers=4))
    assert (server.cfg.workers, server.cfg.control_socket_disable) == (4, True)
    gateway = server.load()
    assert [threads.number for threads in (gateway.reads, gateway.writes, gateway.transfers)] == [5, 5, 2]


def test_base_url(tmp_path):
    token = new_token(tmp_path, "teacher", "cs1:instructor")
    with serving_here(tmp_path, NBEXCHANGE_BASE_URL="/x/y") as url:
        assert me(url, token, "x/y/").status_code == 200
        assert me(url, token).status_code == 404


def test_a_service_that_a_hub_starts_listens_where_the_hub_expects_it(monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_SERVICE_URL", "http://127.0.0.2:10101")
    assert (NbExchange().ip, NbExchange().port) == ("127.0.0.1", 9000)  # as on every user's server
    monkeypatch.setenv("JUPYTERHUB_SERVICE_NAME", "exchange")
    assert (NbExchange().ip, NbExchange().port) == ("127.0.0.2", 10101)


def test_base_url_of_a_hubs_service(monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ada/")
    assert NbExchange().base_url == "/services/nbexchange/"
    monkeypatch.setenv("JUPYTERHUB_SERVICE_NAME", "exchange")
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/hub/services/exchange/")
    assert NbExchange().base_url == "/hub/services/exchange/"


def test_data_dir_token_file_and_base_storage_location(tmp_path):
    settings = {
        "NBEXCHANGE_DATA_DIR": str(tmp_path / "here"),
        "NBEXCHANGE_TOKEN_FILE": str(tmp_path / "elsewhere" / "t.json"),
        "NBEXCHANGE_BASE_STORAGE_LOCATION": str(tmp_path / "objects"),
    }
    token = new_token(tmp_path, "teacher", "cs1:instructor", **settings)
    assert (tmp_path / "elsewhere" / "t.json").stat().st_mode & 0o777 == 0o600
    with serving_here(tmp_path, **settings) as url:
        assert me(url, token).status_code == 200
    assert (tmp_path / "here" / "nbexchange.sqlite").exists()
    assert (tmp_path / "objects" / "signing-key").exists()


@pytest.mark.parametrize("variable", ["NBEXCHANGE_DB_URL", "NBEX_DB_URL"])
def test_db_url_and_its_older_variable(tmp_path, variable):
    path = tmp_path / "other.sqlite"
    assert run_nbexchange_here(tmp_path, "db", "upgrade", **{variable: f"sqlite:///{path}"}).status == 0
    assert path.exists()


def test_the_older_variable_for_the_storage_location(tmp_path):
    done = run_nbexchange_here(tmp_path, "storage", "init", NBEX_BASE_STORE=str(tmp_path / "older"))
    assert done.status == 0
    assert (tmp_path / "older" / "objects").is_dir()


def test_db_kwargs_and_debug_db(tmp_path):
    url = f"sqlite:///{tmp_path}/a.sqlite"
    settings = NbExchange(db_url=url, db_kwargs={"pool_size": 7}, debug_db=True, data_dir=str(tmp_path))
    engine = build_database(settings).engine
    assert engine.pool.size() == 7
    assert engine.echo is True
    engine.dispose()


def test_limits_are_told_and_kept(tmp_path):
    token = new_token(tmp_path, "teacher", "cs1:instructor")
    with serving_here(tmp_path, NBEXCHANGE_MAX_BUFFER_SIZE="1000") as url:
        assert me(url, token).json()["limits"] == {
            "max_buffer_size": 1000,
            "max_unpacked_size": 4000,
            "max_items": 100,
            "max_unpacked_ratio": 100,
            "max_members": 20_000,
        }
    values = {"max_unpacked_size": 7, "max_unpacked_ratio": 8, "max_members": 9}
    variables = {f"NBEXCHANGE_{name.upper()}": str(value) for name, value in values.items()}
    with serving_here(tmp_path, **variables) as url:
        assert values.items() <= me(url, token).json()["limits"].items()


def test_a_roster_that_the_operator_keeps_takes_effect_while_the_service_runs(tmp_path):
    settings = {"NBEXCHANGE_DATABASE_ROSTER": "True"}
    token = new_token(tmp_path, "boss", **settings)
    with serving_here(tmp_path, **settings) as url:
        assert me(url, token).json()["courses"] == []
        run_nbexchange_here(tmp_path, "course", "create", "cs1", **settings)
        run_nbexchange_here(tmp_path, "course", "add", "cs1", "boss", "--role=instructor", **settings)
        boss = Caller("boss", HttpClient([url]), token)
        boss.release()
        added = boss.post("roster", {"course_id": "cs1", "members": [{"name": "ada"}]})
        assert added.json["added"] == ["ada"]
        run_nbexchange_here(tmp_path, "course", "remove", "cs1", "boss", **settings)
        assert me(url, token).json()["courses"] == []


def test_a_quota_takes_effect(tmp_path):
    token = new_token(tmp_path, "teacher", "cs1:instructor")
    with serving_here(tmp_path, NBEXCHANGE_QUOTA_SUBMISSIONS_PER_MINUTE="1") as url:
        teacher = Caller("teacher", HttpClient([url]), token)
        teacher.release()
        teacher.begin("submission", archive_item(b"one"))
        assert teacher.initiate("submission", archive_item(b"two")).status_code == 429


def test_a_quota_that_cannot_work_stops_the_service_with_a_sentence(tmp_path):
    stopped = run_nbexchange_here(tmp_path, "serve", NBEXCHANGE_QUOTA_COURSE_BYTES="1000")
    assert stopped.status == 1
    assert "nbexchange: course_bytes is below max_buffer_size" in stopped.err
    assert "Traceback" not in stopped.err


def test_user_plugin_class_by_dotted_path(tmp_path):
    (tmp_path / "my_auth.py").write_text(
        "class Mine:\n    def get_current_user(self, request):\n        return {'name': 'x', 'courses': []}\n"
    )
    settings = {"NBEXCHANGE_USER_PLUGIN_CLASS": "my_auth.Mine", "PYTHONPATH": str(tmp_path)}
    with servers.service(tmp_path, settings) as service:
        assert me(service.url, "anything").json()["name"] == "x"


def test_static_tokens_are_refused_beyond_loopback_unless_allowed(tmp_path):
    done = run_nbexchange_here(tmp_path, "serve", "--ip=0.0.0.0")
    assert done.status != 0
    assert "user_plugin_class" in done.err
    assert "Traceback" not in done.err
    NbExchange(ip="0.0.0.0", allow_static_tokens=True).check()


def test_s3_settings_reach_the_store(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "k")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    settings = NbExchange(base_storage_location="s3://bucket/some/prefix")
    settings.config.S3Store.region = "eu-west-1"
    settings.config.S3Store.endpoint_url = "http://inside:9000"
    settings.config.S3Store.public_endpoint_url = "https://outside.example.org"
    settings.config.S3Store.addressing_style = "virtual"
    store = build_store(settings)
    assert (store.bucket, store.prefix, store.region) == ("bucket", "some/prefix/", "eu-west-1")
    assert store.connection.origin == "http://bucket.inside:9000"
    assert store.signer.address.origin == "https://bucket.outside.example.org"
    assert store.addressing_style == "virtual"
