"""The published document: it is valid, complete, and true for every kind of caller."""

from __future__ import annotations

import copy
import os

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import validate
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from support.people.callers import archive_item

from nbexchange.api.http.openapi import path_template
from nbexchange.api.http.routes import former, health, v1

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
PARTS = ("query", "path_parameters", "body")
CALLERS = ("teacher", "ada", "nobody", "teacher", "other_teacher", "stranger", "outsider", "impostor")
"""Those first whose answers differ: the first of a list are drawn the most."""
DRAWN_CALLS = 150 if "CI" in os.environ else 50
"""Of each operation."""
OPERATIONS = [
    (operation.method, prefix + path_template(operation.path))
    for prefix, group in (("/v1", v1.operations()), ("/", health.operations.all))
    for operation in group
]


@pytest.fixture
def document(people):
    answer = people.nobody.get("openapi.json")
    assert answer.status_code == 200
    return answer.json


def test_it_is_a_valid_openapi_document(document):
    validate(document)


def test_it_has_every_route_of_the_api(document, app):
    described = {
        (method.upper(), path) for path, operations in document["paths"].items() for method in operations
    }
    prefix = "/services/nbexchange"
    opaque = ("/objects/",)  # behind signed URLs, which say by themselves what to do
    of_older = {f"{prefix}/{name}" for name in former.ROUTES}
    routes = {
        (method, path_template(rule.rule.removeprefix(prefix)))
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.rule.startswith(prefix) and rule.rule not in of_older
    }
    assert described == {route for route in routes if not route[1].startswith(opaque)}


def test_every_operation_says_who_may_call_it_and_how_it_fails(document):
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["summary"].endswith("."), path
            assert "Who may call: " in operation["description"], path
            assert {"200", "400", "500", "503"} <= set(operation["responses"]), path
            is_open = path in {"/healthz", "/readyz", "/v1/openapi.json"}
            assert bool(operation["security"]) is not is_open, path
            assert ("401" in operation["responses"]) is not is_open, path


def test_the_headers_of_answers_are_described(document, people):
    of_http = {"Content-Type", "Content-Length", "Cache-Control"}
    operation = document["paths"]["/v1/me"]["get"]
    for caller in (people.ada, people.nobody):
        answer = caller.get("me")
        described = operation["responses"][str(answer.status_code)]["headers"]
        assert set(answer.headers.keys()) - of_http == set(described)
    assert "Retry-After" in operation["responses"]["503"]["headers"]
    assert set(document["components"]["headers"]) >= set(operation["responses"]["503"]["headers"])


def test_instants_and_ids_have_their_formats(document):
    record = document["components"]["schemas"]["SubmissionRecord"]["properties"]
    assert (record["id"]["format"], record["submitted_at"]["format"]) == ("uuid", "date-time")


def make_scene(people):
    """Something of each kind; gives values that mean something there, by the name of the field."""
    people.teacher.post("roster", {"course_id": "cs1", "members": [{"name": "carol"}]})
    release = people.teacher.release()
    submission = people.ada.submit()
    feedback = people.teacher.give_feedback(submission)
    unfinished = archive_item(b"unfinished")
    people.teacher.begin("submission", unfinished)
    ids = [record["id"] for record in (unfinished, release, submission, feedback)]
    return {
        "course_id": ["cs1", "cs1", "cs2"],
        "assignment_id": ["ps1"],
        "student_id": ["ada", "ben"],
        "person": ["ada", "teacher"],
        "submission_id": ids,
        "name": ["ada", "carol"],
        "names": [["ada", "carol"]],
        "item_id": ids,
        "id": ids,
        "ids": [ids, ids[:1]],
        "cursor": ["WzEsMSwxXQ==", "WzFd"],
    }


@pytest.fixture
def exchanges(sqlite_scenes, postgresql_scenes):
    """The scene on either kind of database: to draw a call takes longer than to make it, so each is made on both."""
    with (
        sqlite_scenes.copied(make_scene, has_rosters=True) as one,
        postgresql_scenes.copied(make_scene, has_rosters=True) as other,
    ):
        yield one, other


def fewer(data, parameters):
    """Where, and perhaps some of the others: of all, one is nearly always wrong, and then no other is looked at."""
    others = data.draw(st.booleans())
    where = {"course_id", "assignment_id"}
    return {
        name: value
        for name, value in parameters.items()
        if name in where or (others and data.draw(st.booleans()))
    }


def with_meaning(data, value, scene):
    """The value with fields replaced, now and then, by what exists: blind guesses end at the first look-up."""
    if isinstance(value, dict):
        return {name: meaningful(data, name, entry, scene) for name, entry in value.items()}
    if isinstance(value, list):
        few = value[: data.draw(st.sampled_from([1, 1, None]))]  # of many items, one at least is always wrong
        return [with_meaning(data, entry, scene) for entry in few]
    return value


def meaningful(data, name, value, scene):
    if name in scene and data.draw(st.integers(0, 3)) < 3:
        return data.draw(st.sampled_from(scene[name]))
    return with_meaning(data, value, scene)


def renamed(value, ids):
    """The value with other ids in the place of these."""
    if isinstance(value, dict):
        return {name: renamed(entry, ids) for name, entry in value.items()}
    if isinstance(value, list):
        return [renamed(entry, ids) for entry in value]
    return ids.get(value, value) if isinstance(value, str) else value


@pytest.mark.parametrize("operation", OPERATIONS, ids=" ".join)
def test_no_caller_gets_an_undocumented_answer(operation, exchanges):
    method, path = operation
    first = exchanges[0]
    document = first.people.nobody.get("openapi.json").json
    schema = schemathesis.openapi.from_dict(document)
    schema.app = first.app
    described = schema[path][method]
    strategy = described.as_strategy()
    if described.query or described.body:
        strategy |= strategy | described.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)
    answered = [set() for _ in exchanges]

    @settings(
        max_examples=DRAWN_CALLS,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy, name=st.sampled_from(CALLERS), data=st.data())
    def call(case, name, data):
        case.query = fewer(data, case.query)
        for part in PARTS:
            setattr(case, part, with_meaning(data, getattr(case, part), first.told))
        headers = fewer(data, case.headers)
        for exchange, codes in zip(exchanges, answered, strict=True):
            codes.add(make(case, headers, name, exchange).status_code)

    def make(case, headers, name, exchange):
        ids = dict(zip(first.told["id"], exchange.told["id"], strict=True))
        token = getattr(exchange.people, name).token
        for part in PARTS:
            setattr(case, part, renamed(getattr(case, part), ids))
        case.headers = {**headers, **({"Authorization": f"token {token}"} if token else {})}
        answer = case.call_and_validate(checks=CHECKS, headers=case.headers, app=exchange.app)
        for part in PARTS:
            setattr(case, part, renamed(getattr(case, part), {new: old for old, new in ids.items()}))
        return answer

    call()
    for codes in answered:
        assert 200 in codes
        assert (401 in codes) == bool(document["paths"][path][method.lower()]["security"])


def test_an_answer_that_the_document_lacks_is_noticed(document, app, people):
    poorer = copy.deepcopy(document)
    del poorer["paths"]["/v1/me"]["get"]["responses"]["401"]
    schema = schemathesis.openapi.from_dict(poorer)
    schema.app = app
    case = schema["/v1/me"]["GET"].Case()
    with pytest.raises(FailureGroup, match="Undocumented status code"):
        case.call_and_validate(checks=CHECKS)
