"""The API as a thing on the wire: errors, request ids, odd requests, parts that are away."""

from __future__ import annotations

import shutil
from dataclasses import replace
from importlib.metadata import version

import pytest
from support.hub.scripted_hub import model, scripted_hub
from support.people.callers import Caller, archive_item
from support.servers.in_process import runtime_of

from nbexchange import protocol
from nbexchange.api.access.identity import CourseRole, Identity
from nbexchange.api.auth.jupyterhub import JupyterHubAuthenticator
from nbexchange.api.db.engine import connect
from nbexchange.api.http import conventions as web
from nbexchange.api.http.application import create_app
from nbexchange.api.http.routes import former
from nbexchange.protocol import Limits
from nbexchange.storage import StoreUnavailable


def test_a_problem_has_a_stable_form_and_a_request_id(people):
    answer = people.ada.get("submissions", course_id="cs1")
    assert answer.content_type == "application/problem+json"
    assert answer.json == {
        "type": "role-required",
        "title": "This needs another role in the course",
        "status": 403,
        "detail": "Only a grader or an instructor of cs1 may do this.",
        "request_id": answer.headers["X-Request-ID"],
    }


def test_a_request_id_is_taken_over_when_it_looks_like_one(people):
    assert people.ada.call("GET", "me", headers={"X-Request-ID": "abc-12345678"}).headers["X-Request-ID"] == (
        "abc-12345678"
    )
    unusable = "short", "x" * 65, "with space", "semi;colon1"
    for text in unusable:
        assert people.ada.call("GET", "me", headers={"X-Request-ID": text}).headers["X-Request-ID"] != text


def test_me_says_who_and_what_is_allowed(people):
    answer = people.ada.get("me").json
    assert answer["name"] == "ada"
    assert answer["courses"] == [{"course_id": "cs1", "role": "student"}]
    assert answer["limits"]["max_buffer_size"] == 1_000_000
    assert answer["server_time"].endswith("Z")
    assert answer["storage_url"] == "objects/"


BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"\xff"',
    b'{"kind": "release"}',
    b'{"ids": "x"}',
    b'{"ids": []}',
    b'{"items": [{}]}',
    b'{"kind": "gift", "course_id": "cs1", "assignment_id": "ps1", "items": []}',
    b"[" * 100_000,
    b'{"kind": "release", "course_id": 1, "assignment_id": [], "items": {}}',
]


@pytest.mark.parametrize("path", ["uploads", "uploads/complete", "downloads"])
@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_a_body_that_does_not_fit_is_a_400(people, path, body):
    answer = people.teacher.call("POST", path, data=body, content_type="application/json")
    assert (answer.status_code, answer.json["type"]) == (400, "invalid-request")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_that_a_form_of_another_site_could_send_is_refused(people, content_type):
    body = b'{"ids": ["7f1c8a5e-8f0e-4d3c-9d53-0d8f4d0f3b11"]}'
    answer = people.teacher.call("POST", "uploads/complete", data=body, content_type=content_type)
    assert (answer.status_code, answer.json["type"]) == (400, "invalid-request")
    answer = people.teacher.call("POST", "uploads/complete", data=body, content_type="application/json")
    assert answer.status_code == 200


ODD_ITEMS = [
    {"size": 0},
    {"size": -1},
    {"size": 2**63},
    {"size": 1.5},
    {"size": True},
    {"sha256": "x" * 64},
    {"sha256": "A" * 64},
    {"id": "not-a-uuid"},
    {"surprise": 1},
    {"unpacked_size": -1},
    {"unpacked_size": 2**70},
    {"notebooks": ["x" * 5000]},
    {"notebooks": "p1"},
    {"submitted_at": "yesterday"},
    {"student_id": 7},
    {"student_id": "\ud800"},
    {"sha256": "a" * 64 + "\n"},
    {"notebooks": ["x.ipynb"] * 20_000},
]


@pytest.mark.parametrize("values", ODD_ITEMS, ids=range(len(ODD_ITEMS)))
def test_an_item_that_does_not_fit_is_a_clear_refusal(released, values):
    answer = released.teacher.initiate("submission", {**archive_item(b"w"), **values})
    if answer.status_code == 200:
        (entry,) = answer.json["items"]
        assert entry["problem"]["type"] == "invalid-request"
    else:
        assert (answer.status_code, answer.json["type"]) == (400, "invalid-request")


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"course_id": "cs1", "latest": "perhaps"},
        {"course_id": "cs1", "before": "soon"},
        {"course_id": "cs1", "before": "2026-01-01T00:00:00"},
        {"course_id": "cs1", "before": "9999-12-31T23:59:59-23:59"},
        {"course_id": "cs1", "before": "0001-01-01T00:00:00+23:59"},
        {"course_id": "cs1", "before": "253402300799.9999999"},
        {"course_id": "cs1", "before": "2026"},
        {"course_id": "cs1", "before": "null"},
        {"course_id": ["cs1", "cs2"]},
        {"course_id": "cs1", "student_id": ["ada", "ben"]},
        {"course_id": "cs1", "student_id": "a/b"},
        {"course_id": "cs1", "purge": "true"},
        {"course_id": "cs1\0"},
    ],
    ids=str,
)
def test_a_query_that_does_not_fit_is_a_400(people, query):
    answer = people.teacher.get("submissions", **query)
    assert (answer.status_code, answer.json["type"]) == (400, "invalid-request")


def test_too_many_items_are_refused(released):
    answer = released.teacher.initiate("submission", *[archive_item(b"w") for _ in range(101)])
    assert answer.status_code == 400


def test_a_body_beyond_all_measure_is_a_413(people):
    answer = people.teacher.call("POST", "uploads", data=b" " * (5 << 20), content_type="application/json")
    assert (answer.status_code, answer.json["type"]) == (413, "too-large")


def test_a_parameter_is_refused_where_an_operation_takes_none_and_ignored_of_a_probe(people):
    assert people.ada.get("me", course_id="cs1").json["type"] == "invalid-request"
    assert people.nobody.get("/healthz", probe="7").status_code == 200


def test_unknown_paths_and_methods_are_problems_too(people):
    assert people.ada.get("nothing").json["type"] == "unknown-route"
    wrong = people.ada.call("PUT", "me")
    assert (wrong.status_code, wrong.json["type"]) == (405, "method-not-allowed")
    assert "GET" in wrong.headers["Allow"]


def test_health_answers_at_the_root_and_under_the_prefix(app):
    client = app.test_client()
    for path in ("/healthz", "/services/nbexchange/healthz", "/readyz", "/services/nbexchange/readyz"):
        assert client.get(path).json == {"status": "ok"}


def test_answers_are_not_kept_by_caches(people):
    assert people.ada.get("me").headers["Cache-Control"] == "no-store"


# --- parts that are away -----------------------------------------------------------------------------------


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


# --- versions ----------------------------------------------------------------------------------------------


def test_every_answer_says_which_protocol_and_version_the_service_speaks(people):
    for answer in (people.ada.get("me"), people.nobody.get("me"), people.nobody.get("/nowhere")):
        assert answer.headers["NBExchange-Protocol"] == str(protocol.REVISION)
        assert answer.headers["NBExchange-Version"] == version("nbexchange")


def test_a_client_that_would_not_understand_is_told_so_before_anything_happens(people, monkeypatch):
    monkeypatch.setattr(web, "OLDEST_REVISION", protocol.REVISION + 1)
    headers = {"NBExchange-Protocol": str(protocol.REVISION)}
    answer = people.ada.call("GET", "me", headers=headers)
    assert (answer.status_code, answer.json["type"]) == (426, "client-too-old")
    assert version("nbexchange") in answer.json["detail"]
    assert people.ada.get("me").status_code == 200  # a client that sends no revision is answered


@pytest.mark.parametrize("revision", ["", "one", "-1", "1.5", "9" * 7])
def test_a_revision_that_is_no_number_is_refused(people, revision):
    answer = people.ada.call("GET", "me", headers={"NBExchange-Protocol": revision})
    assert answer.status_code == 400


def test_a_newer_client_is_served_as_far_as_it_is_understood(people):
    headers = {"NBExchange-Protocol": str(protocol.REVISION + 1)}
    assert people.ada.call("GET", "me", headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/v2/me", "/v1/brand-new", "v1"])
def test_a_route_that_this_service_does_not_have_is_not_a_thing_that_is_missing(people, path):
    assert people.ada.get(path).json["type"] == "unknown-route"


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("route", former.ROUTES)
def test_the_plugin_of_nbexchange_2_is_told_in_the_form_that_it_shows(people, route, method):
    answer = people.ada.call(method, f"/{route}")
    assert answer.status_code == 426
    assert answer.json["success"] is False
    assert "nbexchange 3" in answer.json["note"]
