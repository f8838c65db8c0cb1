"""A list reads what it shows, by an index, however much there is: on both databases, whatever is asked for."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from support.database.copies import KINDS
from support.database.crowd import Crowd
from support.database.plans import plans
from support.people.callers import COURSE, TEACHER, Caller
from support.people.lists import ELSEWHERE, LISTS, STUDENT
from support.servers.in_process import app_of, runtime_in, token_file_in

from nbexchange.api.assignments import submissions
from nbexchange.api.audit import history
from nbexchange.api.http.routes.v1 import operations
from nbexchange.api.rosters import read
from nbexchange.protocol import PROTOCOL_HEADER, REVISION

PAGE = 20
UPLOADS = 6000
PAGED = {PROTOCOL_HEADER: str(REVISION)}

SINGLE_PAGES = {"assignments?cursor", "roster?cursor"}
"""A second page of these is read as the first is."""

MOST = 15 * PAGE
"""How many rows a page may cost: an entry has an upload, feedback, people, and attempts that are not the newest."""


@pytest.fixture(scope="module", params=KINDS)
def crowd(request, databases, tmp_path_factory):
    """The people of a crowd, with its database."""
    folder = tmp_path_factory.mktemp("crowd")
    with ExitStack() as stack:
        url = stack.enter_context(databases.copied(request.param, folder))
        database = stack.enter_context(databases.connected(url))
        Crowd(UPLOADS).fill(database)
        client = app_of(runtime_in(folder, database, has_rosters=True)).test_client()

        def caller(name, role):
            courses = [{"course_id": course, "course_role": role} for course in (COURSE, ELSEWHERE)]
            return Caller(
                name, client, token_file_in(folder).create({"name": name, "courses": courses, "org_id": "1"})
            )

        yield database, {STUDENT: caller(STUDENT, "Student"), TEACHER: caller(TEACHER, "Instructor")}


@pytest.fixture(autouse=True)
def short_pages(monkeypatch):
    monkeypatch.setattr(submissions, "PAGE", PAGE)
    monkeypatch.setattr(read, "PAGE", PAGE)


def check(explained):
    """Nothing is read whole, and nothing is read or sorted that is not shown."""
    assert explained
    for plan in explained:
        assert plan.scanned == [], f"{plan.statement}\n{plan.text}"
        assert max(plan.read, plan.sorted) <= MOST, f"{plan.statement}\n{plan.text}"


@pytest.mark.parametrize("asked", LISTS, ids=lambda asked: asked.name)
def test_a_list_reads_by_indexes_no_more_than_it_shows(asked, crowd):
    database, people = crowd
    query = dict(asked.query)
    if asked.path == "history":
        query["limit"] = PAGE
    if asked.second_page:
        query["cursor"] = people[asked.who].get(asked.path, **query).json["cursor"]
    with plans(database) as explained:
        answer = people[asked.who].call("GET", asked.path, query_string=query, headers=PAGED)
    assert answer.status_code == 200, answer.json
    check(explained)


def test_every_list_is_asked_for_here_with_every_filter():
    asked = {
        name for call in LISTS for name in [call.path, *(f"{call.path}?{filter}" for filter in call.query)]
    }
    asked |= {f"{call.path}?cursor" for call in LISTS if call.second_page} | SINGLE_PAGES
    offered = set()
    for operation in operations():
        if operation.method == "GET":
            path = operation.path.strip("/")
            filters = operation.query.__struct_fields__ if operation.query else ()
            offered |= {path, *(f"{path}?{name}" for name in filters)}
    assert offered == asked | {"history?limit"}


def test_the_latest_attempts_are_looked_up_in_the_index_of_stamps(crowd):
    """A student's hundreds of attempts cost the class nothing: none is compared with all others."""
    database, people = crowd
    with plans(database) as explained:
        people[TEACHER].get("submissions", course_id=COURSE, assignment_id="ps1", latest="true")
    assert "uq_upload_stamp" in explained[-1].text


@pytest.mark.parametrize("kind", ["release", "submission", "feedback"])
@pytest.mark.parametrize("who", [STUDENT, TEACHER])
def test_downloads_are_looked_up_by_their_ids(who, kind, crowd):
    database, people = crowd
    (entry,) = [
        e for e in people[STUDENT].assignments() if (e["course_id"], e["assignment_id"]) == (COURSE, "ps1")
    ]
    ids = {
        "release": [entry["release"]["id"]],
        "submission": [record["id"] for record in entry["submissions"]],
        "feedback": [
            record["id"] for attempt in entry["submissions"] for record in attempt.get("feedback", [])
        ],
    }[kind]
    with plans(database) as explained:
        answer = people[who].post("downloads", {"items": [{"kind": kind, "id": uuid} for uuid in ids]})
    assert {item["type"] for item in answer.json["items"]} == {"download"}
    check(explained)


def test_what_an_upload_rests_on_is_looked_up(crowd):
    database, people = crowd
    with plans(database) as explained:
        attempt = people[STUDENT].submit(b"one more")
        people[TEACHER].give_feedback(attempt)
    check(explained)


def test_what_is_collected_and_removed_is_looked_up_by_its_ids(crowd):
    database, people = crowd
    attempt = people[STUDENT].submit(b"not meant")
    with plans(database) as explained:
        for answer in (people[TEACHER].note_collected(attempt), people[STUDENT].remove(attempt)):
            assert answer.json["items"][0]["type"] in {"collected", "removed"}
    check(explained)


def test_who_is_in_many_courses_gets_the_same_page_in_parts(crowd, monkeypatch):
    _, people = crowd
    whole = [people[who].get("history", limit=PAGE).json for who in (STUDENT, TEACHER)]
    monkeypatch.setattr(history, "COURSES", 1)
    assert [people[who].get("history", limit=PAGE).json for who in (STUDENT, TEACHER)] == whole


def test_a_course_of_many_assignments_is_listed_whole_in_short_pages(crowd, monkeypatch):
    _, people = crowd
    query = {"course_id": COURSE, "student_id": STUDENT}
    whole = people[TEACHER].submissions(student_id=STUDENT)
    monkeypatch.setattr(submissions, "SPAN", 1)
    pages = [people[TEACHER].get("submissions", **query).json]
    while "cursor" in pages[-1]:
        pages.append(people[TEACHER].get("submissions", **query, cursor=pages[-1]["cursor"]).json)
    assert [record for page in pages for record in page["submissions"]] == whole
    assert len(pages) == 4  # one of them is of the assignment that nobody submitted to
