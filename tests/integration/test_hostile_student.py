"""A student with a client of their own making. Each test is an attack by `ada`, on the service and on its store."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from urllib.parse import urljoin, urlsplit
from uuid import uuid4

import pytest
import time_machine
from support.database.ledger import count, state_of
from support.people.callers import SERVICE, archive_item, outcome, problem_of, upload_item
from support.people.http_clients import HttpClient
from support.stores.object_clients import send, with_headers

from nbexchange.api.config.quotas import Quotas
from nbexchange.api.db.models import Action, Feedback, Person, Submission, Upload
from nbexchange.api.uploads.garbage_collection import collect_garbage
from nbexchange.storage import SignedRequest
from nbexchange.storage.local import LocalStore
from nbexchange.storage.s3 import S3Store

ON_BOTH_STORES = pytest.mark.parametrize(
    "store", ["local", pytest.param("s3", marks=pytest.mark.xdist_group("s3"))], indirect=True
)


@pytest.fixture
def store(request, tmp_path, monkeypatch):
    """The store that the test names; a directory unless it does."""
    if getattr(request, "param", "local") == "local":
        return LocalStore(tmp_path / "store")
    bucket = request.getfixturevalue("s3_server")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", bucket.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", bucket.secret_key)
    s3_store = S3Store(
        bucket.name, prefix=f"{uuid4()}/", region=bucket.region, endpoint_url=bucket.endpoint_url
    )
    s3_store.create()
    return s3_store


@pytest.fixture
def people(people, store, request):
    """The same, over real HTTP where the store is not the service's own."""
    if isinstance(store, LocalStore):
        return people
    client = HttpClient([request.getfixturevalue("live_url")])
    return SimpleNamespace(**{name: replace(who, client=client) for name, who in vars(people).items()})


@pytest.fixture
def wire(live_url):
    """Makes a request of a granted URL, to be sent as it is or tampered with."""

    def request(method, granted):
        url = urljoin(live_url + SERVICE, granted["url"])
        return SignedRequest(method, url, granted["headers"], granted["expires_at"])

    return request


@pytest.fixture
def theirs(released):
    """What others have: ben's submission, the feedback on it, and an upload that he has not finished."""
    submission = released.ben.submit(b"ben's work")
    feedback = released.teacher.give_feedback(submission, b"for ben")
    pending = archive_item(b"ben's next")
    (granted,) = released.ben.begin("submission", pending)
    return SimpleNamespace(submission=submission, feedback=feedback, pending=pending, granted=granted)


def sizes(store):
    """The bytes of each object in the store."""
    return [store.stat(key).size for key in store.list()]


def submissions(database):
    return count(database, Upload, Upload.kind == "submission")


# --- to fill the store -------------------------------------------------------------------------------------


@pytest.mark.parametrize("quotas", [Quotas(submitted_bytes_per_day=100)], ids=["100 bytes a day"])
def test_sending_and_giving_up_again_and_again_fills_no_more_than_a_day_may_have(released, store):
    answers = []
    for number in range(15):
        item = archive_item(b"%010d" % number)
        answers.append(released.ada.initiate("submission", item))
        if answers[-1].status_code == 200:
            released.ada.put(answers[-1].json["items"][0], b"%010d" % number)
            released.ada.delete(f"uploads/{item['id']}")
    assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 5
    assert sum(sizes(store)) == 100 + len(b"version")


@pytest.mark.parametrize("quotas", [Quotas(submissions_per_minute=4)], ids=["4 a minute"])
def test_many_small_submissions_to_many_assignments_are_stopped_all_together(released, database):
    for number in range(3):
        released.teacher.release(assignment=f"more-{number}")
    assignments = ["ps1", "more-0", "more-1", "more-2"] * 2
    codes = [
        released.ada.initiate("submission", archive_item(b"w"), assignment=assignment).status_code
        for assignment in assignments
    ]
    assert codes == [200] * 4 + [429] * 4
    assert submissions(database) == 4


@pytest.mark.parametrize(
    "quotas", [Quotas(course_bytes=100, submitted_bytes_per_day=30)], ids=["30 bytes of 100"]
)
def test_announcing_what_is_never_sent_takes_no_room_from_others_beyond_ones_own(released):
    for _ in range(20):
        item = archive_item(b"1234567890")
        released.ada.initiate("submission", item)
        released.ada.delete(f"uploads/{item['id']}")
    assert released.ben.submit(b"x" * 30)["attempt"] == 1


def test_of_a_batch_of_a_hundred_only_three_are_opened(released, database):
    answer = released.ada.initiate("submission", *[archive_item(b"%d" % n) for n in range(100)])
    kinds = [entry["type"] for entry in answer.json["items"]]
    assert kinds == ["upload"] * 3 + ["error"] * 97
    assert submissions(database) == 3


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"notebooks": ["x" * 200] * 400}, 200),
        ({"notebooks": ["x" * 4000] * 1100}, 413),
        ({"size": -(2**40)}, 400),
        ({"size": 2**62}, 200),
        ({"size": 2**80}, 400),
    ],
    ids=["long list", "endless list", "negative", "huge", "beyond numbers"],
)
def test_lists_and_sizes_beyond_all_measure_are_refused_before_anything_is_kept(
    released, database, values, status
):
    answer = released.ada.initiate("submission", archive_item(b"w") | values)
    assert answer.status_code == status
    assert status != 200 or problem_of(answer)["type"] in {"invalid-request", "too-large"}
    assert submissions(database) == 0


@ON_BOTH_STORES
def test_more_bytes_than_were_announced_are_not_stored(released, wire, store):
    (granted,) = released.ada.begin("submission", archive_item(b"small"))
    request = with_headers(wire("PUT", granted), {"content-length": "1000"})
    assert send(request, b"x" * 1000).status in {400, 403}
    assert len(sizes(store)) == 1  # the release


@ON_BOTH_STORES
def test_renewed_urls_of_one_upload_store_one_object(released, wire, store):
    item = archive_item(b"work")
    granted = [released.ada.begin("submission", item)[0] for _ in range(4)]
    assert [send(wire("PUT", grant), b"work").status for grant in granted] == [200, 412, 412, 412]
    assert sizes(store).count(len(b"work")) == 1


# --- to overwrite ------------------------------------------------------------------------------------------


@ON_BOTH_STORES
def test_a_url_cannot_be_used_again_after_the_submission_is_complete(released, wire):
    item = archive_item(b"work")
    (granted,) = released.ada.begin("submission", item)
    assert send(wire("PUT", granted), b"work").status == 200
    record = released.ada.complete(item).json["items"][0]["record"]
    assert send(wire("PUT", granted), b"work").status == 412
    unconditional = with_headers(wire("PUT", granted), {"if-none-match": None})
    assert send(unconditional, b"work").status in {400, 403}
    answer = released.teacher.request("submission", record["id"])
    assert send(wire("GET", answer)).body == b"work"


@ON_BOTH_STORES
def test_a_url_of_ones_own_does_not_open_anothers_place(released, theirs, wire, store):
    (granted,) = released.ada.begin("submission", archive_item(b"evil"))
    mine, ben = urlsplit(wire("PUT", granted).url), urlsplit(wire("PUT", theirs.granted).url)
    crossed = replace(wire("PUT", granted), url=mine._replace(path=ben.path).geturl())
    assert send(crossed, b"evil").status == 403
    assert len(b"evil") not in sizes(store)


def test_an_upload_of_another_can_be_neither_completed_nor_given_up(released, theirs, database):
    released.ben.put(theirs.granted, b"ben's next")
    for stolen in (theirs.pending["id"], theirs.submission["id"]):
        assert problem_of(released.ada.complete({"id": stolen}))["type"] == "not-found"
        assert released.ada.delete(f"uploads/{stolen}").status_code == 404
    assert state_of(database, theirs.pending["id"]) == "pending"
    assert released.ada.get("uploads").json["items"] == []


def test_nobody_submits_or_removes_for_another(released, theirs, database):
    forged = archive_item(b"evil", student_id="ben")
    assert problem_of(released.ada.initiate("submission", forged))["type"] == "role-required"
    assert outcome(released.ada.remove(theirs.submission)) == "not-found"
    (entry,) = released.ben.assignments()
    assert [attempt["id"] for attempt in entry["submissions"]] == [theirs.submission["id"]]
    assert count(database, Submission, Submission.hidden_from_owner | Submission.hidden_from_course) == 0


# --- to backdate -------------------------------------------------------------------------------------------

LONG_AGO = "2020-01-01T00:00:00.000000Z"


@pytest.mark.parametrize("field", ["submitted_at", "stamp", "initiated_at", "completed_at", "expires_at"])
def test_an_instant_of_the_clients_is_refused(released, database, field):
    answer = released.ada.initiate("submission", archive_item(b"work", **{field: LONG_AGO}))
    assert "invalid-request" in answer.text
    assert submissions(database) == 0


def test_neither_a_header_nor_a_parameter_changes_the_stamp(released):
    before = datetime.now(UTC)
    item = archive_item(b"work")
    body = {"kind": "submission", "course_id": "cs1", "assignment_id": "ps1", "items": [item]}
    headers = dict.fromkeys(("Date", "X-Date", "X-Amz-Date", "If-Modified-Since", "Last-Modified"), LONG_AGO)
    answer = released.ada.call("POST", "uploads", json=body, headers=headers)
    assert datetime.fromisoformat(answer.json["items"][0]["submitted_at"]) >= before
    assert released.ada.call("POST", "uploads?now=2020", json=body).status_code == 400


@ON_BOTH_STORES
def test_what_was_announced_before_a_deadline_cannot_become_other_work_after_it(released, wire, store):
    early = archive_item(b"nothing yet")
    (granted,) = released.ada.begin("submission", early)
    later = archive_item(b"better work", id=early["id"])
    request = wire("PUT", granted)
    digest = released.ada.begin("submission", archive_item(b"better work"))[0]["headers"]
    for forged in (request, with_headers(request, digest)):
        assert send(forged, b"better work").status in {400, 403}
    assert len(sizes(store)) == 1
    assert problem_of(released.ada.initiate("submission", later))["type"] == "id-reused"
    assert problem_of(released.ada.complete(early))["type"] == "object-missing"


def test_an_upload_that_was_given_up_does_not_come_back_with_its_early_stamp(released):
    item = archive_item(b"work")
    (granted,) = released.ada.begin("submission", item)
    released.ada.delete(f"uploads/{item['id']}")
    assert released.ada.put(granted, b"work") == 200
    assert problem_of(released.ada.initiate("submission", item))["type"] == "upload-aborted"
    assert problem_of(released.ada.complete(item))["type"] == "upload-aborted"
    assert released.teacher.submissions() == []


# --- to read what is others' -------------------------------------------------------------------------------


def test_ids_of_others_and_unknown_ids_get_the_same_answer(released, theirs):
    for kind in ("release", "submission", "feedback"):
        for existing in (theirs.submission["id"], theirs.feedback["id"], theirs.pending["id"]):
            refused, unknown = released.ada.request(kind, existing), released.ada.request(kind, str(uuid4()))
            assert refused["problem"] == unknown["problem"]
            assert refused["problem"]["status"] == 404
    assert problem_of(released.ada.complete(theirs.pending)) == problem_of(
        released.ada.complete({"id": str(uuid4())})
    )


def test_no_list_shows_the_work_of_others(released, theirs):
    assert released.ada.get("submissions", course_id="cs1").status_code == 403
    assert released.ada.get("submissions", course_id="cs1", student_id="ada").status_code == 403
    for path in ("assignments", "uploads", "me"):
        assert released.ada.get(path, student_id="ben").status_code == 400
    (entry,) = released.ada.assignments()
    assert "submissions" not in entry


@ON_BOTH_STORES
def test_a_url_for_ones_own_work_does_not_lead_to_anothers(released, wire, store):
    mine = archive_item(b"mine")
    (granted,) = released.ada.begin("submission", mine)
    send(wire("PUT", granted), b"mine")
    record = released.ada.complete(mine).json["items"][0]["record"]
    (theirs,) = released.ben.begin("submission", archive_item(b"ben's"))
    send(wire("PUT", theirs), b"ben's")
    request = wire("GET", released.ada.request("submission", record["id"]))
    assert send(request).body == b"mine"
    path = urlsplit(wire("PUT", theirs).url).path
    crossed = replace(request, url=urlsplit(request.url)._replace(path=path).geturl())
    assert send(crossed).status == 403
    assert send(replace(wire("PUT", theirs), method="GET", headers={})).status == 403


def test_feedback_that_was_replaced_is_not_given_any_more(released):
    submission = released.ada.submit()
    old = released.teacher.give_feedback(submission, b"by mistake")
    released.teacher.give_feedback(submission, b"better")
    assert released.ada.request("feedback", old["id"])["problem"]["type"] == "not-found"


# --- to learn names ----------------------------------------------------------------------------------------


def test_no_answer_names_anybody_else(released, theirs):
    ada = released.ada
    ada.submit(b"mine")
    ada.download("release", ada.assignments()[0]["release"]["id"])
    item = archive_item(b"w", student_id="somebody")
    answers = [
        *(ada.get(path) for path in ("me", "assignments", "uploads", "history", "submissions")),
        *(ada.get("history", person=name) for name in ("ben", "teacher", "ada")),
        ada.initiate("submission", item),
        ada.complete(theirs.pending),
        ada.post("downloads", {"items": [{"kind": "submission", "id": theirs.submission["id"]}]}),
        ada.delete("assignments", course_id="cs1", assignment_id="ps1"),
    ]
    told = "".join(answer.text for answer in answers)
    assert '"actor":"ada"' in told
    for name in ("ben", "teacher", "colleague"):
        assert name not in told


def test_asking_the_log_for_a_name_tells_nothing_of_it(released, theirs):
    unknown = released.ada.get("history", person="nobody-of-that-name").json
    for name in ("ben", "teacher"):
        assert released.ada.get("history", person=name).json == unknown


@pytest.mark.databases("sqlite", "postgresql")
def test_submitting_in_a_name_does_not_tell_whether_there_is_such_a_person(released, theirs, database):
    before = count(database, Person)

    def refuse(name):
        problem = problem_of(released.ada.initiate("submission", archive_item(b"w", student_id=name)))
        return problem["type"], problem["detail"]

    assert refuse("ben") == refuse("nobody-of-that-name")
    assert count(database, Person) == before + 1  # ada herself


# --- to poison another's feedback --------------------------------------------------------------------------


def feedback_on(record, **values):
    about = {"student_id": record["student_id"], "submission_id": record["id"], "notebook_id": "p1"}
    return upload_item(b"<p>0 points", **about | values)


def test_students_give_no_feedback_to_anybody(released, theirs, database):
    mine = released.ada.submit()
    for record in (mine, theirs.submission):
        by_stamp = feedback_on(record, submission_id=None, submitted_at=record["submitted_at"])
        for item in (feedback_on(record), by_stamp):
            assert released.ada.initiate("feedback", item).json["type"] == "role-required"
    assert count(database, Feedback) == 1
    assert released.ben.download("feedback", theirs.feedback["id"]) == b"for ben"


def test_who_teaches_another_course_reaches_no_feedback_from_there(released, theirs):
    """`stranger` is a student nowhere and an instructor of `cs2`."""
    item = feedback_on(theirs.submission)
    released.stranger.release(course="cs2")
    for target in ({"course": "cs1"}, {"course": "cs2"}, {"course": "cs2", "assignment": "ps2"}):
        answer = released.stranger.initiate("feedback", item, **target)
        assert "not-found" in answer.text
    when = theirs.submission["submitted_at"]
    released.stranger.send(
        "feedback", b"evil", course="cs2", student_id="ben", notebook_id="p1", submitted_at=when
    )
    (entry,) = released.ben.assignments()
    (current,) = entry["submissions"][0]["feedback"]
    assert released.ben.download("feedback", current["id"]) == b"for ben"


def test_a_submission_cannot_pass_for_feedback(released, theirs, database):
    for values in ({"notebook_id": "p1"}, {"submission_id": theirs.submission["id"]}):
        answer = released.ada.initiate("submission", archive_item(b"w", **values))
        assert problem_of(answer)["type"] == "invalid-request"
    mine = released.ada.submit()
    assert released.ada.request("feedback", mine["id"])["problem"]["type"] == "not-found"


# --- to use URLs after unrelease ---------------------------------------------------------------------------


def unrelease(released, **how):
    target = {"course_id": "cs1", "assignment_id": "ps1"}
    assert released.teacher.delete("assignments", **target, **how).status_code == 200


def test_a_url_of_a_release_dies_within_its_lifetime_after_unrelease_and_no_new_one_is_given(released, wire):
    (entry,) = released.ada.assignments()
    granted = released.ada.request("release", entry["release"]["id"])
    unrelease(released)
    assert released.ada.request("release", entry["release"]["id"])["problem"]["type"] == "not-found"
    assert datetime.fromisoformat(granted["expires_at"]) <= datetime.now(UTC) + timedelta(minutes=15)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=15), tick=True):
        assert send(wire("GET", granted)).status == 403


def test_after_unrelease_only_what_was_stamped_before_is_taken(released):
    item = archive_item(b"work")
    (granted,) = released.ada.begin("submission", item)
    unrelease(released)
    assert released.ada.initiate("submission", archive_item(b"later")).status_code == 404
    assert released.ada.initiate("submission", item, archive_item(b"later")).status_code == 404
    released.ada.put(granted, b"work")
    (answer,) = released.ada.complete(item).json["items"]
    assert answer["record"]["submitted_at"] == granted["submitted_at"]


def test_what_is_sent_after_a_purge_is_never_seen_and_deleted(released, services, store):
    item = archive_item(b"work")
    (granted,) = released.ada.begin("submission", item)
    unrelease(released, purge=True)
    assert released.ada.put(granted, b"work") == 200
    assert problem_of(released.ada.complete(item))["type"] == "upload-purged"
    assert released.ada.initiate("submission", item).json["items"][0]["problem"]["type"] == "upload-purged"
    collect_garbage(services)
    assert sizes(store) == []


# --- to abuse the ids of items -----------------------------------------------------------------------------


@pytest.mark.databases("sqlite", "postgresql")
def test_the_id_of_anothers_upload_is_ones_own_affair(released, theirs, database):
    mine = archive_item(b"mine", id=theirs.pending["id"])
    (granted,) = released.ada.begin("submission", mine)
    assert urlsplit(granted["url"]).path != urlsplit(theirs.granted["url"]).path
    released.ada.put(granted, b"mine")
    record = released.ada.complete(mine).json["items"][0]["record"]
    assert record["student_id"] == "ada"
    assert len(released.ben.get("uploads").json["items"]) == 1
    released.ben.put(theirs.granted, b"ben's next")
    assert released.ben.complete(theirs.pending).json["items"][0]["record"]["student_id"] == "ben"


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("finished", [False, True])
def test_an_id_stands_for_one_content_in_one_place_for_ever(released, database, finished):
    item = archive_item(b"work")
    released.teacher.release(assignment="ps2")
    if finished:
        released.ada.submit(b"work", id=item["id"])
    else:
        released.ada.begin("submission", item)
    others = [
        item | {"size": 5},
        item | {"sha256": "0" * 64},
        item | {"notebooks": ["other.ipynb"]},
        item | {"student_id": "ada"},
    ]
    for other in others:
        assert problem_of(released.ada.initiate("submission", other))["type"] == "id-reused"
    elsewhere = released.ada.initiate("submission", item, assignment="ps2")
    assert problem_of(elsewhere)["type"] == "id-reused"
    assert submissions(database) == 1


@pytest.mark.databases("sqlite", "postgresql")
def test_an_id_twice_in_one_call_opens_nothing(released, database):
    item = archive_item(b"work")
    for other in (item, archive_item(b"other", id=item["id"]), item | {"id": item["id"].upper()}):
        assert released.ada.initiate("submission", item, other).status_code == 400
    assert submissions(database) == 0


@pytest.mark.databases("sqlite", "postgresql")
def test_completing_again_and_again_is_one_attempt_and_one_entry_of_the_log(released, database):
    record = released.ada.submit(id=(chosen := str(uuid4())))
    answers = [released.ada.complete(*[{"id": chosen}] * 100).json["items"] for _ in range(3)]
    assert all(answer["record"] == record for items in answers for answer in items)
    assert (count(database, Submission), count(database, Action, Action.verb == "submitted")) == (1, 1)
