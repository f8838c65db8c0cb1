"""A student who wants to fill the store, or to store more than was announced."""

from __future__ import annotations

import pytest
from support.people.callers import archive_item, problem_of
from support.people.hostile_student import ON_BOTH_STORES, sizes, submissions
from support.stores.object_clients import send, with_headers

from nbexchange.api.config.quotas import Quotas


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
