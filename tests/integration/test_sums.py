"""What many small ones add up to: lists, pages and rows stay small, however much one person has sent."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from support.database.ledger import let_time_pass
from support.people.callers import archive_item, outcome, problem_of, upload_item

from nbexchange.api.assignments import listing, submissions
from nbexchange.api.db.models import Upload
from nbexchange.api.uploads import publish
from nbexchange.api.uploads.garbage_collection import collect_garbage
from nbexchange.api.wire import pages
from nbexchange.protocol import PROTOCOL_HEADER

pytestmark = pytest.mark.databases("sqlite", "postgresql")

PAGED = {PROTOCOL_HEADER: "2"}


def all_pages(ask, entries):
    """What all pages have, and how many entries are on each."""
    rows, lengths, cursor = [], [], {}
    while True:
        answer = ask(**cursor)
        assert answer.status_code == 200, answer.json
        rows += answer.json[entries]
        lengths.append(len(answer.json[entries]))
        if not answer.json.get("cursor"):
            return rows, lengths
        cursor = {"cursor": answer.json["cursor"]}


def paged_assignments(caller):
    def ask(**query):
        return caller.call("GET", "assignments", query_string=query, headers=PAGED)

    return all_pages(ask, "assignments")


# --- notebooks ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("folder", "many", "listed"),
    [("", 20, 20), ("", 21, None), ("part/", 20, 21), ("part/", 21, 1)],
    ids=["as many as fit", "more", "in folders", "more in folders"],
)
def test_the_names_of_the_notebooks_that_lists_have_are_bounded_in_bytes(released, folder, many, listed):
    """Not in characters, of which each may be four bytes. Those in folders, which nbgrader does not grade, go first."""
    name = folder + (196 - len(folder)) // 4 * "\N{PILE OF POO}"
    names = [f"{name}{number:04}" for number in range(many)] + ["p1.ipynb"] * bool(folder)
    answer = released.ada.initiate("submission", archive_item(b"work", notebooks=names))
    if listed is None:
        assert problem_of(answer)["type"] == "too-large"
        return
    released.ada.put(answer.json["items"][0], b"work")
    released.ada.complete(answer.json["items"][0])
    (record,) = released.teacher.submissions()
    assert len(record["notebooks"]) == listed


def test_a_short_name_counts_for_the_memory_that_it_takes(released):
    names = [chr(ord("a") + number % 26) for number in range(251)]
    answers = [
        released.ada.initiate("submission", archive_item(b"work", notebooks=n)) for n in (names, names[1:])
    ]
    assert [outcome(answer) for answer in answers] == ["too-large", "upload"]


def test_the_feedback_that_a_student_has_on_an_assignment_is_bounded(released, monkeypatch):
    monkeypatch.setattr(publish, "MAX_FEEDBACK", 3)
    submission = released.ada.submit()

    def release(*notebooks):
        values = {"student_id": "ada", "submission_id": submission["id"]}
        items = [upload_item(b"fine", notebook_id=notebook, **values) for notebook in notebooks]
        for granted in released.teacher.begin("feedback", *items):
            released.teacher.put(granted, b"fine")
        answers = released.teacher.complete(*items).json["items"]
        return [entry.get("problem", entry)["type"] for entry in answers]

    assert release("p1", "p2") == ["completed", "completed"]
    assert release("p2", "p3", "p4") == ["completed", "completed", "too-much-feedback"]
    assert release("p1", "p5") == ["completed", "too-much-feedback"]
    (attempt,) = released.ada.assignments()[0]["submissions"]
    assert sorted(entry["notebook_id"] for entry in attempt["feedback"]) == ["p1", "p2", "p3"]


# --- pages --------------------------------------------------------------------------------------------------


def test_a_page_of_submissions_ends_where_it_has_enough_bytes(released, monkeypatch):
    for _ in range(5):
        released.ada.submit(notebooks=["p1.ipynb"])
    whole = released.teacher.submissions()
    monkeypatch.setattr(pages, "PAGE_BYTES", 1000)

    def ask(**query):
        return released.teacher.get("submissions", course_id="cs1", **query)

    entries, lengths = all_pages(ask, "submissions")
    assert entries == whole
    assert 0 < max(lengths) < 5


@pytest.mark.parametrize(
    ("module", "limit", "value"),
    [
        (listing, "ASSIGNMENTS_PAGE", 2),
        (listing, "ATTEMPTS_PAGE", 2),
        (listing, "FEEDBACK_PAGE", 2),
        (pages, "PAGE_BYTES", 1000),
    ],
    ids=["assignments", "attempts", "feedback", "bytes"],
)
def test_a_persons_assignments_come_in_pages_of_rows_and_bytes(people, monkeypatch, module, limit, value):
    for number in range(5):
        people.teacher.release(assignment=f"ps{number}")
        attempt = people.ada.submit(assignment=f"ps{number}")
        people.teacher.give_feedback(attempt, assignment=f"ps{number}")
    whole = people.ada.assignments()
    assert len(whole) == 5
    monkeypatch.setattr(module, limit, value)
    entries, lengths = paged_assignments(people.ada)
    assert entries == whole
    assert max(lengths) < 5


def test_a_page_of_submissions_has_no_more_feedback_than_fits(released, monkeypatch):
    for student in (released.ada, released.ben):
        attempt = student.submit()
        for notebook in ("p1", "p2"):
            released.teacher.give_feedback(attempt, notebook_id=notebook)
        student.submit()
    whole = released.teacher.submissions()
    monkeypatch.setattr(submissions, "FEEDBACK_PAGE", 2)

    def ask(**query):
        return released.teacher.get("submissions", course_id="cs1", **query)

    assert all_pages(ask, "submissions") == (whole, [2, 2])


def test_a_client_that_knows_no_pages_gets_all_or_is_told_that_there_is_more(people, monkeypatch):
    for number in range(5):
        people.teacher.release(assignment=f"ps{number}")
    monkeypatch.setattr(listing, "ASSIGNMENTS_PAGE", 2)
    assert [entry["assignment_id"] for entry in people.ada.assignments()] == [f"ps{n}" for n in range(5)]
    monkeypatch.setattr(pages, "MOST_PAGES", 2)
    answer = people.ada.get("assignments")
    assert (answer.status_code, answer.json["type"]) == (413, "too-large")


def test_of_ones_own_attempts_the_newest_are_listed_with_their_feedback(released, monkeypatch):
    monkeypatch.setattr(listing, "ATTEMPTS", 2)
    for _ in range(4):
        released.teacher.give_feedback(released.ada.submit())
    (entry,) = released.ada.assignments()
    assert [(record["attempt"], len(record["feedback"])) for record in entry["submissions"]] == [
        (3, 1),
        (4, 1),
    ]
    assert "feedback" not in entry
    assert len(released.teacher.submissions()) == 4


# --- rows ---------------------------------------------------------------------------------------------------


def test_the_rows_of_uploads_that_came_to_nothing_are_deleted_after_a_month(released, services, database):
    for _ in range(2):
        released.ada.begin("submission", archive_item(b"never sent"))
    released.ada.submit()
    for days in (2, 2, 2):
        let_time_pass(database, days=days)
        collect_garbage(services)
    assert count(database) == 4  # the release, the attempt, and the two
    let_time_pass(database, days=30)
    assert collect_garbage(services).forgotten == 2
    assert count(database) == 2


def count(database):
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Upload))
