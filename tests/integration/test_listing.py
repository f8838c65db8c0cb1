"""Lists and downloads: what they say, how many statements they take, what they log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import update
from support.database.ledger import logged
from support.database.statements import statements
from support.people.callers import archive_item, problem_of, upload_item

from nbexchange.api.db.models import Action

pytestmark = pytest.mark.databases("sqlite", "postgresql")


def fill(people, students):
    """As many assignments as students, with two submissions and feedback of each, and of ada."""
    for assignment in (f"ps{number}" for number in range(1, students + 1)):
        people.teacher.release(assignment=assignment, force=True)
        for number in range(students):
            for body in (b"first", b"second"):
                record = people.teacher.submit(body, assignment=assignment, student_id=f"s{number}")
            people.teacher.give_feedback(record, assignment=assignment)
        for _ in range(students):
            people.teacher.give_feedback(people.ada.submit(assignment=assignment), assignment=assignment)
    people.ada.begin("submission", archive_item(b"unfinished"))


READS = {
    "assignments": (3, lambda people: people.ada.get("assignments")),
    "an instructor's assignments": (3, lambda people: people.teacher.get("assignments", course_id="cs1")),
    "submissions": (2, lambda people: people.teacher.get("submissions", course_id="cs1")),
    "latest submissions": (
        2,
        lambda people: people.teacher.get("submissions", course_id="cs1", latest="true"),
    ),
    "the log": (1, lambda people: people.teacher.get("history")),
    "a student's log": (1, lambda people: people.ada.get("history")),
    "unfinished uploads": (1, lambda people: people.ada.get("uploads")),
    "me": (1, lambda people: people.ada.get("me")),
}
"""How many statements each takes, and who asks for it."""


def fill_small(people):
    fill(people, 1)


def fill_large(people):
    fill(people, 1)
    fill(people, 3)


@pytest.mark.xdist_group("short and long lists")  # they are long to make
@pytest.mark.parametrize("what", READS)
def test_a_list_takes_the_same_number_of_statements_however_long_it_is(what, scenes):
    number, read = READS[what]
    for build in (fill_small, fill_large):
        exchange = scenes.shared(build)
        with statements(exchange.database) as seen:
            answer = read(exchange.people)
        assert answer.status_code == 200
        assert len(seen) == number, seen


def test_a_batch_takes_the_same_number_of_statements_however_long_it_is(people, database):
    counts = {"initiate": [], "complete": [], "downloads": []}
    people.teacher.release()
    submission = people.ada.submit()
    for length in (2, 20):
        items = [
            upload_item(b"<p>", student_id="ada", submission_id=submission["id"], notebook_id=f"{length}-{n}")
            for n in range(length)
        ]
        with statements(database) as seen:
            granted = people.teacher.begin("feedback", *items)
        counts["initiate"].append(len(seen))
        for grant in granted:
            people.teacher.put(grant, b"<p>")
        with statements(database) as seen:
            answers = people.teacher.complete(*items).json["items"]
        counts["complete"].append(len(seen))
        downloads = [{"kind": "feedback", "id": answer["record"]["id"]} for answer in answers]
        with statements(database) as seen:
            people.teacher.post("downloads", {"items": downloads})
        counts["downloads"].append(len(seen))
    assert all(few == many for few, many in counts.values()), counts


def test_an_instructor_sees_every_attempt_with_who_made_it(released):
    released.ada.submit(b"one")
    released.ada.submit(b"two")
    released.ben.submit()
    records = released.teacher.submissions()
    assert sorted((r["student_id"], r["attempt"]) for r in records) == [("ada", 1), ("ada", 2), ("ben", 1)]
    assert {r["full_name"] for r in records} == {"Ada van Test", "Ben van Test"}


def test_latest_is_the_newest_of_each_student_and_before_looks_back(released):
    first = released.ada.submit(b"one")
    second = released.ada.submit(b"two")
    third = released.ben.submit()
    assert {r["id"] for r in released.teacher.submissions(latest="true")} == {second["id"], third["id"]}
    earlier = released.teacher.submissions(latest="true", before=first["submitted_at"])
    assert [r["id"] for r in earlier] == [first["id"]]


def test_submissions_narrow_by_assignment_and_student(released):
    released.teacher.release(assignment="ps2")
    submission = released.ada.submit(assignment="ps2")
    released.ada.submit()
    released.ben.submit(assignment="ps2")
    records = released.teacher.submissions(assignment_id="ps2", student_id="ada")
    assert [r["id"] for r in records] == [submission["id"]]
    assert released.teacher.submissions(student_id="nobody") == []


@pytest.mark.parametrize(
    "cursor", ["x", "bm9wZQ==", "W10=", "Wzk5OTk5OTk5OTk5OTk5OTk5OTk5OSwxLDFd", "WzEsMiwzLDRd", "é"]
)
def test_a_cursor_that_was_never_given_is_refused(released, cursor):
    answer = released.teacher.get("submissions", course_id="cs1", cursor=cursor)
    assert (answer.status_code, answer.json["type"]) == (400, "invalid-request")


def test_a_course_without_a_row_yet_is_an_empty_list(people):
    assert people.ada.get("assignments", course_id="cs1").json["assignments"] == []
    assert people.teacher.submissions() == []


def test_names_that_an_identity_omits_erase_nothing(released, token_file):
    released.ada.submit()
    bare = token_file.create({"name": "ada", "courses": [{"course_id": "cs1", "course_role": "x"}]})
    item = archive_item(b"more")
    body = {"kind": "submission", "course_id": "cs1", "assignment_id": "ps1", "items": [item]}
    headers = {"Authorization": f"token {bare}"}
    assert released.ada.call("POST", "uploads", json=body, headers=headers).status_code == 200
    (record,) = released.teacher.submissions()
    assert (record["full_name"], record["email"]) == ("Ada van Test", "ada@example.org")


def test_an_identity_that_changed_changes_what_is_stored(released, token_file):
    released.ada.submit()
    user = {"name": "ada", "email": "new@example.org", "courses": [{"course_id": "cs1", "course_role": "x"}]}
    body = {"kind": "submission", "course_id": "cs1", "assignment_id": "ps1", "items": [archive_item(b"w")]}
    headers = {"Authorization": f"Bearer {token_file.create(user)}"}
    assert released.ada.call("POST", "uploads", json=body, headers=headers).status_code == 200
    assert released.teacher.submissions()[0]["email"] == "new@example.org"


# --- downloads ---------------------------------------------------------------------------------------------


def test_a_download_is_logged_once_within_a_day(released, database):
    record = released.ada.submit()
    for _ in range(3):
        released.teacher.request("submission", record["id"])
        released.teacher.note_collected(record)
    assert len(logged(database, "submission_fetched")) == len(logged(database, "collected")) == 1
    with database.write() as session:
        session.execute(update(Action).values(at=datetime.now(UTC) - timedelta(hours=25)))
    released.teacher.request("submission", record["id"])
    assert (len(logged(database, "submission_fetched")), len(logged(database, "collected"))) == (2, 1)


def test_what_was_only_asked_for_is_not_collected(released, database):
    record = released.ada.submit()
    released.teacher.request("submission", record["id"])
    assert logged(database, "collected") == []
    answer = released.teacher.note_collected(record, {"id": str(uuid4())})
    assert [entry["type"] for entry in answer.json["items"]] == ["collected", "error"]
    assert len(logged(database, "collected")) == 1


def test_an_attempt_that_was_removed_is_not_collected_any_more(released, database):
    record = released.ada.submit()
    released.teacher.remove(record)
    assert problem_of(released.teacher.note_collected(record))["status"] == 404
    assert logged(database, "collected") == []


def test_the_log_names_verb_actor_person_and_digest(released, database):
    record = released.ada.submit(b"my work")
    released.ada.request("submission", record["id"])
    released.teacher.note_collected(record)
    (own,) = logged(database, "submission_fetched")
    (collected,) = logged(database, "collected")
    assert (own.actor, own.on_behalf) == ("ada", None)
    assert (collected.actor, collected.on_behalf, collected.sha256) == ("teacher", "ada", record["sha256"])


def test_a_refused_download_is_not_logged(released, database):
    record = released.ada.submit()
    released.ben.request("submission", record["id"])
    assert logged(database, "fetched") == []


def test_a_grant_says_what_will_arrive(released):
    record = released.ada.submit(b"my work", unpacked_size=77)
    granted = released.ada.request("submission", record["id"])
    assert (granted["size"], granted["sha256"], granted["unpacked_size"]) == (7, record["sha256"], 77)


def test_an_unknown_object_fails_alone(released):
    record = released.ada.submit()
    items = [{"kind": "submission", "id": record["id"]}, {"kind": "submission", "id": str(uuid4())}]
    answers = released.teacher.post("downloads", {"items": items}).json["items"]
    assert [answer["type"] for answer in answers] == ["download", "error"]


def test_an_id_is_granted_as_what_it_is_and_not_as_another_kind_also_twice_in_one_call(released):
    record = released.ada.submit()
    kinds = ("release", "submission", "feedback", "submission")
    items = [{"kind": kind, "id": record["id"]} for kind in kinds]
    answers = released.ada.post("downloads", {"items": items}).json["items"]
    assert [answer["type"] for answer in answers] == ["error", "download", "error", "download"]


def test_an_object_is_sent_as_a_download_and_never_as_a_page(released):
    record = released.teacher.give_feedback(released.ada.submit(), b"<script>", notebook_id="naïve nb")
    granted = released.ada.request("feedback", record["id"])
    response = released.ada.client.get(f"/services/nbexchange/{granted['url']}", buffered=True)
    assert response.content_type == "application/octet-stream"
    assert response.headers["Content-Disposition"] == "attachment; filename=na_ve_nb.html"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"] == "sandbox"
