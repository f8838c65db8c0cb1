"""The API as a thing on the wire: errors, request ids and odd requests."""

from __future__ import annotations

import base64

import pytest
from support.people.callers import archive_item


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
    b'{"ids": ' + b"[" * 100_000,
    b'{"ids": [' + b"9" * 10_000,
    b'{"ids": ["\\ud800"]}',
    "{}".encode("utf-16"),
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
        assert entry["problem"]["type"] in {"invalid-request", "too-large"}
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


BRACKETS, DIGITS = "[" * 3_900, "9" * 5_000
ODD_QUERIES = [
    *(
        ("history", {"course_id": "cs1", "limit": text})
        for text in (BRACKETS, DIGITS, '{"a":' * 2_000, "1e999")
    ),
    *(("submissions", {"course_id": "cs1", "latest": text}) for text in (BRACKETS, DIGITS)),
    *(("submissions", {"course_id": "cs1", "before": text}) for text in (BRACKETS, DIGITS)),
    *(("history", {"course_id": "cs1", "since": text}) for text in (BRACKETS, "0001-01-01T00:00:00+23:59")),
]


@pytest.mark.parametrize(("path", "query"), ODD_QUERIES, ids=range(len(ODD_QUERIES)))
def test_a_query_that_no_parser_can_read_is_a_400(people, path, query):
    answer = people.teacher.get(path, **query)
    assert (answer.status_code, answer.json["type"]) == (400, "invalid-request")
    assert len(answer.json["detail"]) < 300


@pytest.mark.parametrize("flag", ["purge", "dry_run"])
def test_a_flag_that_no_parser_can_read_removes_nothing(released, flag):
    query = {"course_id": "cs1", "assignment_id": "ps1", flag: BRACKETS}
    assert released.teacher.delete("assignments", **query).status_code == 400
    assert released.teacher.assignments()[0]["release"]


CURSORS = [
    *(
        base64.urlsafe_b64encode(text.encode()).decode()
        for text in ("[", BRACKETS, f"[{DIGITS}]", "[-1]", "null")
    ),
    *("", "=", "a", "\xe9", "\ud800".encode(errors="surrogatepass"), "A" * 10_001),
]


@pytest.mark.parametrize("path", ["history", "submissions"])
@pytest.mark.parametrize("cursor", CURSORS, ids=range(len(CURSORS)))
def test_a_cursor_that_the_service_did_not_give_is_a_400(people, path, cursor):
    answer = people.teacher.get(path, course_id="cs1", cursor=cursor)
    assert (answer.status_code, answer.json["type"]) == (400, "invalid-request")


def test_what_a_parser_quotes_is_not_sent_back_at_length(people):
    answer = people.teacher.post("uploads/complete", {"x" * 100_000: 1})
    assert answer.status_code == 400
    assert len(answer.text) < 500


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


def test_what_a_server_takes_off_the_path_counts_as_part_of_it(people):
    below_objects = {"environ_overrides": {"SCRIPT_NAME": "/services/nbexchange/objects"}}
    answer = people.ada.call("GET", "me", **below_objects)
    assert (answer.status_code, answer.json["type"]) == (403, "signature-mismatch")


def test_health_answers_at_the_root_and_under_the_prefix(app):
    client = app.test_client()
    for path in ("/healthz", "/services/nbexchange/healthz", "/readyz", "/services/nbexchange/readyz"):
        assert client.get(path).json == {"status": "ok"}


def test_answers_are_not_kept_by_caches(people):
    assert people.ada.get("me").headers["Cache-Control"] == "no-store"
