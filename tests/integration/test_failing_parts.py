"""A store, a database, a hub or an authenticator that fails; what the log and the answers tell of it."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
from support.hub.scripted_hub import model, scripted_hub
from support.people.callers import Caller, archive_item
from support.servers.in_process import runtime_of

from nbexchange.api.access.identity import CourseRole, Identity
from nbexchange.api.auth.custom import BaseUserHandler, CustomAuthenticator
from nbexchange.api.auth.jupyterhub import JupyterHubAuthenticator
from nbexchange.api.db.engine import connect
from nbexchange.api.http.application import create_app
from nbexchange.protocol import Limits
from nbexchange.storage import StoreUnavailable


def test_a_store_that_is_away_is_a_503_and_nothing_is_lost(released, store):
    item = archive_item(b"work")
    (granted,) = released.ada.begin("submission", item)
    released.ada.put(granted, b"work")
    away = store.root.with_name("away")
    store.root.rename(away)
    answer = released.ada.complete(item)
    assert (answer.status_code, answer.json["type"]) == (503, "storage-unavailable")
    assert answer.headers["Retry-After"]
    assert released.ada.get("/readyz").status_code == 503
    assert released.ada.get("assignments").status_code == 200
    away.rename(store.root)
    assert released.ada.complete(item).json["items"][0]["type"] == "completed"


def test_a_database_that_is_away_is_a_503(store, token_file, limits):
    database = connect("postgresql://nobody@127.0.0.1:1/nothing", connect_args={"connect_timeout": 2})
    services = runtime_of(database, store, _AlwaysAda(), limits)
    caller = Caller("ada", create_app(services, "/services/nbexchange/").test_client(), None)
    for path in ("me", "assignments", "/readyz"):
        answer = caller.get(path)
        assert (answer.status_code, answer.json["type"]) == (503, "database-unavailable")
        assert "127.0.0.1" not in answer.text
    assert caller.get("/healthz").status_code == 200


class _AlwaysAda:
    def authenticate(self, request):
        return Identity("ada", "1", {})


@pytest.fixture
def asking_a_hub(services):
    """The answer to `GET v1/me` with a token of which a hub says this."""

    def ask(answer, token="t"):
        with scripted_hub({"t": answer}) as hub:
            authenticator = JupyterHubAuthenticator(api_url=hub.api_url, service_name="exchange")
            app = create_app(replace(services, make_authenticator=lambda: authenticator), "/")
            return app.test_client().get("/v1/me", headers={"Authorization": f"token {token}"})

    return ask


def test_a_hubs_word_decides_who_is_let_in(asking_a_hub):
    answer = asking_a_hub(model("ada", "formgrade-cs1"))
    assert (answer.json["name"], answer.json["courses"]) == (
        "ada",
        [{"course_id": "cs1", "role": "instructor"}],
    )
    assert asking_a_hub(model("ada"), token="other").status_code == 401
    refused = asking_a_hub(model("ada", scopes=[]))
    assert (refused.status_code, refused.json["type"]) == (403, "access-scope-missing")
    assert "c.Spawner.server_token_scopes" in refused.json["detail"]
    away = asking_a_hub((502, b""))
    assert (away.status_code, away.json["type"]) == (503, "authentication-unavailable")
    assert away.headers["Retry-After"] == "5"


class _Broken:
    def authenticate(self, request):
        raise RuntimeError("secret: hunter2")


def test_an_authenticator_that_fails_is_a_503_and_tells_nothing(services, caplog):
    broken = replace(services, make_authenticator=_Broken)
    client = create_app(broken, "/").test_client()
    answer = client.get("/v1/me")
    assert (answer.status_code, answer.json["type"]) == (503, "authentication-unavailable")
    assert "hunter2" not in answer.text
    assert "the authenticator failed" in caplog.text


@pytest.mark.parametrize("name", ["ada ", "a\u200bda", "<ada>"], ids=ascii)
def test_one_who_could_be_taken_for_another_is_refused_and_told_why(services, caplog, name):
    class _Lookalike(BaseUserHandler):
        def get_current_user(self, request):
            return {"name": name}

    lookalike = replace(services, make_authenticator=lambda: CustomAuthenticator(_Lookalike()))
    answer = create_app(lookalike, "/").test_client().get("/v1/me")
    assert (answer.status_code, answer.json["type"]) == (403, "identity-refused")
    assert f"{name!r} is no id: an id has" in answer.json["detail"]
    assert "Traceback" not in caplog.text


class _Usurper:
    def authenticate(self, request):
        return replace(Identity.administrator("1"), courses={"cs1": CourseRole("instructor")})


def test_no_authenticator_makes_a_caller_the_administrator(services):
    client = create_app(replace(services, make_authenticator=_Usurper), "/").test_client()
    answer = client.get("/v1/me")
    assert (answer.status_code, answer.json["type"]) == (503, "authentication-unavailable")


def test_a_defect_is_a_500_that_tells_nothing(services, people, monkeypatch, caplog):
    def fail(*_):
        raise ValueError("secret: hunter2")

    monkeypatch.setattr("nbexchange.api.assignments.listing.list_assignments", fail)
    answer = people.ada.get("assignments")
    assert (answer.status_code, answer.json["type"]) == (500, "internal")
    assert "hunter2" not in answer.text
    assert "a defect" in caplog.text


def test_the_log_has_a_line_per_request_without_signature_or_token(released, caplog):
    caplog.set_level("DEBUG")
    record = released.ada.submit()
    released.ada.download("submission", record["id"])
    lines = [line for line in caplog.messages if "GET /services/nbexchange/objects/" in line]
    assert len(lines) == 1
    assert "signature" not in caplog.text  # in whatever way it may be quoted
    assert released.ada.token not in caplog.text


def test_a_path_cannot_forge_a_line_of_the_log(people, caplog):
    caplog.set_level("INFO")
    people.nobody.get("x%0A2030-01-01 INFO forged%1b[31m")
    assert "forged" in caplog.text
    assert not any("\n" in line or "\x1b" in line for line in caplog.messages)


@pytest.mark.parametrize("limits", [Limits(10 << 20, 10 << 20, 100)])
def test_an_object_larger_than_any_json_body_is_taken(released):
    body = bytes(5 << 20)
    record = released.ada.submit(body)
    assert released.ada.download("submission", record["id"]) == body


def test_a_store_error_says_nothing_about_where_the_store_is(released, monkeypatch):
    def fail(_):
        raise StoreUnavailable("host.internal:9000 refused")

    item = archive_item(b"w")
    released.ada.begin("submission", item)
    monkeypatch.setattr("nbexchange.storage.local.LocalStore.stat", lambda self, key: fail(key))
    answer = released.ada.complete(item)
    assert (answer.status_code, answer.json["type"]) == (503, "storage-unavailable")
    assert "host.internal" not in answer.text


def test_a_full_or_lost_disk_of_the_local_store_is_a_503_for_the_put(released, store):
    item = archive_item(b"work")
    (granted,) = released.ada.begin("submission", item)
    shutil.rmtree(store.incoming)
    assert released.ada.put(granted, b"work") == 503
