"""Who may call what: every route, everybody, one table. A route without a row fails."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from support.people.access_scene import call, contents, make_scene, outcome_of

pytestmark = pytest.mark.databases("sqlite", "postgresql")

CALLERS = (
    "nobody",
    "impostor",
    "outsider",
    "stranger",
    "ada",
    "ben",
    "grader",
    "teacher",
    "service:cs1",
    "other_ada",
    "other_teacher",
)
"""outsider: of another course; stranger: instructor of another course; ben: another student than ada, whose
things are asked for; service: as nbgrader's formgrader runs for a course, an instructor of it; other_*: people of
the same name, role and course in another organisation."""

# ok: answered, with something of the scene in it; own: answered, and nothing of the scene is in it; else the
# status, of the item where the answer is per item.
NOTHING = dict.fromkeys(CALLERS, "own")


def row(outcomes: str) -> dict[str, str]:
    """The outcome for each of the callers, in their order."""
    return dict(zip(CALLERS, outcomes.split(), strict=True))


TABLE: dict[str, dict[str, str]] = {
    "GET healthz": NOTHING,
    "GET readyz": NOTHING,
    "GET v1/me": {**NOTHING, "nobody": "401", "impostor": "401"},
    "GET v1/assignments": row("401 401 404 404 ok  ok  ok  ok  ok  own own"),
    "DELETE v1/assignments": row("401 401 404 404 403 403 403 own own 403 404"),
    "POST v1/uploads release": row("401 401 404 404 403 403 403 own own 403 own"),
    "POST v1/uploads submission": row("401 401 404 404 own own own own own 404 404"),
    "POST v1/uploads feedback": row("401 401 404 404 403 403 own own own 403 404"),
    "GET v1/uploads": row("401 401 own own ok  own own own own own own"),
    "POST v1/uploads/complete": row("401 401 404 404 ok  404 404 404 404 404 404"),
    "DELETE v1/uploads/<uuid:item_id>": row("401 401 404 404 ok  404 404 404 404 404 404"),
    "GET v1/submissions": row("401 401 404 404 403 403 ok  ok  ok  403 own"),
    "DELETE v1/assignments purge": row("401 401 404 404 403 403 403 own own 403 404"),
    "POST v1/submissions/remove": row("401 401 404 404 ok  404 404 ok  ok  404 404"),
    "POST v1/submissions/collected": row("401 401 404 404 404 404 ok  ok  ok  404 404"),
    "GET v1/history": row("401 401 404 404 ok  own ok  ok  ok  own own"),
    "POST v1/downloads release": row("401 401 404 404 ok  ok  ok  ok  ok  404 404"),
    "POST v1/downloads older release": row("401 401 404 404 404 404 ok  ok  ok  404 404"),
    "POST v1/downloads submission": row("401 401 404 404 ok  404 ok  ok  ok  404 404"),
    "POST v1/downloads feedback": row("401 401 404 404 ok  404 ok  ok  ok  404 404"),
    "GET v1/roster": row("401 401 404 404 403 403 ok  ok  ok  403 own"),
    "POST v1/roster": row("401 401 404 404 403 403 403 ok  ok  403 own"),
    "POST v1/roster instructor": row("401 401 404 404 403 403 403 403 403 403 403"),
    "POST v1/roster/remove": row("401 401 404 404 403 403 403 ok  ok  403 own"),
    "GET v1/openapi.json": NOTHING,
    # The signature alone is the permission: a token is none.
    "PUT objects/<path:key>": dict.fromkeys(CALLERS, "403"),
    "GET objects/<path:key>": dict.fromkeys(CALLERS, "403"),
}


@pytest.fixture
def exchange(scenes):
    """The scene, to be changed by the test."""
    with scenes.copied(make_scene, has_rosters=True) as copy:
        yield copy


@pytest.fixture
def people(exchange):
    return exchange.people


@pytest.fixture
def scene(exchange):
    return exchange.told


@pytest.fixture
def untouched(scenes):
    """The scene, as it is for every test that changes nothing: afterwards, each row of each table is as it was."""
    shared = scenes.shared(make_scene, has_rosters=True)
    before = contents(shared.database)
    yield shared
    if contents(shared.database) != before:
        scenes.discard(make_scene)
        pytest.fail("it left a trace")


READING = ("GET ", "PUT objects")
"""Rows that change nothing for anybody: downloads are written to the log, so they are not among them."""
CELLS = {(row, name): outcome for row, outcomes in TABLE.items() for name, outcome in outcomes.items()}
WITHOUT_TRACE = [cell for cell in CELLS if CELLS[cell].isdigit() or cell[0].startswith(READING)]
WITH_TRACE = [cell for cell in CELLS if cell not in WITHOUT_TRACE]


@pytest.mark.parametrize(("row", "name"), WITHOUT_TRACE)
def test_callers_without_the_role_are_refused_and_neither_refusing_nor_reading_leaves_a_trace(
    row, name, untouched
):
    outcome = outcome_of(call(row, getattr(untouched.people, name), untouched.told), untouched.told)
    assert outcome == CELLS[row, name]


@pytest.mark.parametrize(("row", "name"), WITH_TRACE)
def test_each_caller_who_may_gets_what_they_may(row, name, people, scene):
    assert outcome_of(call(row, getattr(people, name), scene), scene) == CELLS[row, name]


@pytest.mark.parametrize("row", [row for row in TABLE if TABLE[row]["nobody"] == "401"])
def test_no_page_in_a_browser_can_call_in_the_name_of_who_looks_at_it(row, untouched):
    browser = replace(untouched.people.teacher, client=untouched.app.test_client())
    browser.client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    answer = call(row, browser, untouched.told)
    assert (answer.status_code, answer.json["type"]) == (403, "browser-refused")


def test_every_caller_meets_every_row():
    assert len(CELLS) == len(WITH_TRACE) + len(WITHOUT_TRACE) == len(TABLE) * len(CALLERS)


def test_every_route_has_a_row(exchange):
    rows = {" ".join(row.split(" ")[:2]) for row in TABLE}
    prefix = "/services/nbexchange/"
    routes = {
        f"{method} {rule.rule.removeprefix(prefix)}"
        for rule in exchange.app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.rule not in {"/healthz", "/readyz"}  # at the root for probes, the same as under the prefix
        and rule.endpoint.split(".")[0] != "former"  # each answers everybody alike: test_web.py
    }
    assert routes == rows


def test_a_student_sees_neither_names_nor_addresses_of_others(people, scene):
    people.ben.submit(b"ben's work")
    text = people.ben.get("assignments").text + people.ben.get("me").text
    without_ids = re.sub(
        r"[0-9a-f-]{36,}", "", text
    )  # in which the letters may stand by chance, and in digests
    assert "ada" not in without_ids.lower()
    assert "ada@example.org" in people.teacher.get("submissions", course_id="cs1").text


def test_people_of_one_name_in_two_organisations_are_two_people(people, scene):
    people.other_teacher.release(b"their version")
    record = people.other_ada.submit(b"their work")
    assert record["attempt"] == 1
    assert [r["id"] for r in people.other_teacher.submissions()] == [record["id"]]
    assert [r["id"] for r in people.teacher.submissions()] == [scene.submission["id"]]
    assert people.other_teacher.request("submission", scene.submission["id"])["type"] == "error"


@pytest.mark.parametrize("extra", [{"course_role": "Instructor"}, {"user": "ada"}, {"org_id": "1"}])
@pytest.mark.parametrize("path", ["assignments", "uploads"])
def test_parameters_that_would_widen_are_refused(people, scene, path, extra):
    assert people.ben.get(path, **extra).status_code == 400
    headers = {"X-User": "ada", "X-Role": "Instructor", "X-Forwarded-User": "ada"}
    answer = people.ben.call("GET", path, headers=headers)
    assert answer.status_code == 200
    assert scene.submission["id"] not in answer.text
    assert scene.pending["id"] not in answer.text


def test_after_unrelease_students_cannot_download_and_keep_their_own(people, scene):
    people.teacher.delete("assignments", course_id="cs1", assignment_id="ps1")
    assert people.ada.request("release", scene.release["id"])["type"] == "error"
    assert people.ada.download("submission", scene.submission["id"]) == b"ada's work"
    (entry,) = people.ada.assignments()
    assert "release" not in entry
    assert len(entry["submissions"][0]["feedback"]) == 1


def test_superseded_feedback_is_for_the_instructor_only(people, scene):
    people.teacher.give_feedback(scene.submission, b"newer")
    assert people.ada.request("feedback", scene.feedback["id"])["type"] == "error"
    assert people.teacher.request("feedback", scene.feedback["id"])["type"] == "download"


def test_an_id_of_another_kind_is_not_found(people, scene):
    assert people.teacher.request("release", scene.submission["id"])["type"] == "error"
