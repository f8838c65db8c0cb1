"""What one person may submit and one course may store: counted for all processes, refused with a time to wait."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.database.ledger import count, let_time_pass
from support.people.callers import SERVICE, Caller, archive_item, problem_of, upload_item
from support.people.quotas import begin_and_abort, quotas, refusal_of

from nbexchange.api.config.build import build_quotas
from nbexchange.api.config.quotas import Quotas
from nbexchange.api.config.settings import NbExchange
from nbexchange.api.db.models import Person, Upload
from nbexchange.api.http.application import create_app
from nbexchange.api.uploads.garbage_collection import collect_garbage
from nbexchange.shared.section import SettingsError

pytestmark = pytest.mark.databases("sqlite", "postgresql")


# --- a person ----------------------------------------------------------------------------------------------

EACH = [
    pytest.param(Quotas(submissions_per_minute=2), "too-many-submissions", 60, id="in a minute"),
    pytest.param(Quotas(submissions_per_day=2), "too-many-submissions", 86400, id="in a day"),
    pytest.param(Quotas(submitted_bytes_per_day=9), "too-many-bytes", 86400, id="bytes"),
]


@pytest.mark.parametrize(("quotas", "kind", "window"), EACH)
def test_what_is_too_much_is_refused_as_a_whole_and_leaves_no_trace(released, database, kind, window):
    for _ in range(2):
        begin_and_abort(released.teacher)
    before = count(database, Upload), count(database, Person)
    items = archive_item(b"work"), archive_item(b"more", student_id="newcomer")
    answer = released.teacher.initiate("submission", *items)
    assert window - 10 <= refusal_of(answer, kind) <= window
    assert (count(database, Upload), count(database, Person)) == before
    released.ben.submit()


@pytest.mark.parametrize(("quotas", "kind", "window"), EACH)
def test_there_is_room_when_the_time_has_passed_that_was_told_and_not_before(
    released, database, kind, window
):
    begin_and_abort(released.ada)
    let_time_pass(database, seconds=window / 2)
    begin_and_abort(released.ada)
    wait = refusal_of(released.ada.initiate("submission", archive_item(b"work")), kind)
    assert window / 2 - 10 <= wait <= window / 2
    let_time_pass(database, seconds=wait - 10)
    refusal_of(released.ada.initiate("submission", archive_item(b"work")), kind)
    let_time_pass(database, seconds=10)
    released.ada.begin("submission", archive_item(b"work"))


@pytest.mark.parametrize(("quotas", "kind", "window"), EACH)
def test_a_repeated_call_does_not_count_and_is_answered_also_at_the_limit(released, kind, window):
    items = [archive_item(b"work"), archive_item(b"more")]
    for again in range(3):
        for entry in items:
            released.ada.begin("submission", entry)
        assert again or released.ada.put(released.ada.begin("submission", items[0])[0], b"work") == 200
    refusal_of(released.ada.initiate("submission", archive_item(b"work")), kind)
    released.ada.complete(items[0])
    assert released.ada.initiate("submission", items[0]).json["items"][0]["type"] == "completed"


@quotas(submissions_per_minute=2)
def test_a_batch_for_a_hundred_students_counts_as_one(released):
    for _ in range(2):
        released.teacher.begin("submission", *[archive_item(b"w", student_id=f"s{n}") for n in range(100)])
    answer = released.teacher.initiate("submission", archive_item(b"w", student_id="s1"))
    refusal_of(answer, "too-many-submissions")


@quotas(submissions_per_minute=2, submissions_per_day=2, submitted_bytes_per_day=20)
def test_neither_releases_nor_feedback_count_as_submissions(released):
    record = released.teacher.submit(student_id="ada")
    for _ in range(3):
        released.teacher.release(b"version of many bytes", force=True)
        released.teacher.give_feedback(record, b"feedback of many bytes")
    released.teacher.submit(student_id="ada")


@quotas(submissions_per_minute=1)
def test_what_was_refused_does_not_count(released, limits):
    too_large = {**archive_item(b"large"), "size": limits.max_buffer_size + 1}
    for _ in range(3):
        assert problem_of(released.ada.initiate("submission", too_large))["type"] == "too-large"
        assert released.ada.initiate("submission", archive_item(b"w"), assignment="ps9").status_code == 404
    released.ada.begin("submission", archive_item(b"work"))


@quotas(submitted_bytes_per_day=12)
def test_the_bytes_of_all_items_are_counted_together(released):
    released.ada.begin("submission", archive_item(b"12345"))
    batch = [archive_item(b"12345") for _ in range(2)]
    refusal_of(released.ada.initiate("submission", *batch), "too-many-bytes")
    released.ada.begin("submission", batch[0])


@quotas(submitted_bytes_per_day=12)
def test_the_bytes_of_an_item_that_is_refused_take_no_room_from_the_others_of_the_call(released):
    forged = archive_item(b"1234567890", student_id="ben")
    answer = released.ada.initiate("submission", archive_item(b"1234567890"), forged)
    assert [entry["type"] for entry in answer.json["items"]] == ["upload", "error"]


@quotas(submitted_bytes_per_day=10)
def test_for_many_bytes_as_many_calls_have_to_be_past_as_make_room_for_them(released, database):
    for body in (b"1234", b"12", b"12"):
        begin_and_abort(released.ada, body)
        let_time_pass(database, hours=6)
    wait = refusal_of(released.ada.initiate("submission", archive_item(b"12345678")), "too-many-bytes")
    assert 12 * 3600 - 10 <= wait <= 12 * 3600
    let_time_pass(database, seconds=wait)
    released.ada.begin("submission", archive_item(b"12345678"))


@quotas(submitted_bytes_per_day=10)
def test_a_call_with_more_bytes_than_a_day_may_have_is_not_told_to_wait(released):
    batch = [archive_item(b"123456", student_id=f"s{number}") for number in range(2)]
    answer = released.teacher.initiate("submission", *batch)
    assert (answer.status_code, answer.json["type"], answer.json["limit"]) == (413, "too-large", 10)
    assert "Retry-After" not in answer.headers
    released.teacher.begin("submission", batch[0])


@quotas(pending_submissions=1)
def test_the_number_of_unfinished_submissions_can_be_set_and_an_item_tells_when_to_come_back(released):
    released.ada.begin("submission", archive_item(b"one"))
    problem = problem_of(released.ada.initiate("submission", archive_item(b"two")))
    assert (problem["type"], problem["retry_after"]) == ("too-many-pending", 60)


@quotas()
def test_no_quota_limits_anything_where_it_is_0(released):
    for _ in range(5):
        released.ada.begin("submission", archive_item(b"work"))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"submissions_per_minute": 1}, "1 submissions within 60 seconds"),
        ({"submissions_per_day": 1}, "1 submissions within 24 hours"),
        ({"submitted_bytes_per_day": 5}, "This is 4 bytes, and of the 5 that you may submit within a day"),
    ],
)
def test_a_refusal_says_what_the_limit_is(services, values, told, token_file):
    limited = replace(services, quotas=Quotas(**values).values())
    client = create_app(limited, SERVICE).test_client()
    courses = [{"course_id": "cs1", "course_role": "Instructor"}]
    teacher = Caller("teacher", client, token_file.create({"name": "teacher", "courses": courses}))
    teacher.release()
    begin_and_abort(teacher)
    assert told in teacher.initiate("submission", archive_item(b"work")).json["detail"]


# --- a course ----------------------------------------------------------------------------------------------


@quotas(course_bytes=20)
def test_a_full_course_takes_nothing_more_of_any_kind_and_others_are_not_touched(released, database):
    record = released.ada.submit(b"1234567")  # and seven bytes of the release
    before = count(database, Upload)
    feedback = upload_item(b"1234567", student_id="ada", submission_id=record["id"], notebook_id="p1")
    refused = [
        released.ben.initiate("submission", archive_item(b"1234567")),
        released.teacher.initiate("release", archive_item(b"1234567", force=True)),
        released.teacher.initiate("release", archive_item(b"1234567"), assignment="ps2"),
        released.grader.initiate("feedback", feedback),
    ]
    assert [refusal_of(answer, "course-full") for answer in refused] == [3600] * 4
    assert count(database, Upload) == before
    released.ben.submit(b"123456")
    released.stranger.release(b"1234567", course="cs2")
    released.other_teacher.release(b"1234567")


@quotas(course_bytes=20)
def test_there_is_room_in_a_course_when_garbage_collection_has_deleted_what_was_given_up(released, services):
    begin_and_abort(released.ada, b"1234567890")
    refusal_of(released.ben.initiate("submission", archive_item(b"1234567")), "course-full")
    assert collect_garbage(services).deleted == 1
    released.ben.submit(b"1234567")


@quotas(course_bytes=10)
def test_there_is_room_in_a_course_when_garbage_collection_has_deleted_what_was_purged(released, services):
    item = archive_item(b"1234567")
    released.teacher.delete("assignments", course_id="cs1", assignment_id="ps1", purge=True)
    refusal_of(released.teacher.initiate("release", item), "course-full")
    collect_garbage(services)
    released.teacher.begin("release", item)


# --- settings ----------------------------------------------------------------------------------------------


def test_the_bytes_of_a_day_follow_the_largest_archive():
    assert build_quotas(NbExchange(max_buffer_size=1000)).submitted_bytes_per_day == 10_000


@pytest.mark.parametrize("name", ["submitted_bytes_per_day", "course_bytes"])
def test_a_quota_below_the_largest_archive_stops_the_service(name):
    settings = NbExchange(max_buffer_size=1000)
    settings.config.Quotas[name] = 999
    with pytest.raises(SettingsError, match=f"{name} is below max_buffer_size"):
        build_quotas(settings)
    settings.config.Quotas[name] = 1000
    assert getattr(build_quotas(settings), name) == 1000
