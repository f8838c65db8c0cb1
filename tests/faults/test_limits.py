"""Each limit at each place where it is checked: what has its size passes, one byte more does not."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest
from nbgrader.exchange.abc.exchange import ExchangeError
from support.archives.archives import archive
from support.people.callers import archive_item, upload_item
from support.people.classroom import Desk
from support.stores.object_clients import send

from nbexchange.plugin import ExchangeCollect, ExchangeReleaseFeedback, ExchangeSubmit
from nbexchange.plugin.transfer.storage import Storage
from nbexchange.protocol import limits as limits_of_both
from nbexchange.storage import URL_LIFETIME, SignedRequest

LIMIT = 1000
SIZES = [(LIMIT, True), (LIMIT + 1, False)]
"""Bytes, and whether they pass."""


@pytest.fixture
def ada(released, desks) -> Desk:
    return desks.ada


def sizes_of(people):
    return [record["unpacked_size"] for record in people.teacher.submissions()]


def attempt(fits, failure, action):
    if fits:
        action()
        return ""
    with pytest.raises(failure) as told:
        action()
    return str(told.value)


# --- before anything is sent -------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "fits"), SIZES)
def test_max_unpacked_size_before_packing(released, ada, size, fits):
    ada.write("ps1/p1.ipynb", b"x" * size)
    config = {"Exchange": {"max_unpacked_size": LIMIT}}
    told = attempt(fits, ExchangeError, lambda: ada.run(ExchangeSubmit, "ps1", config=config))
    assert fits or "max_unpacked_size" in told
    assert sizes_of(released) == ([LIMIT] if fits else [])


@pytest.mark.parametrize("fits", [True, False])
def test_max_buffer_size_while_packing(released, ada, fits):
    ada.write("ps1/p1.ipynb", os.urandom(5000))
    ada.run(ExchangeSubmit, "ps1")
    (before,) = released.teacher.submissions()
    config = {"ExchangeSubmit": {"max_buffer_size": before["size"] - (not fits)}}
    told = attempt(fits, ExchangeError, lambda: ada.run(ExchangeSubmit, "ps1", config=config))
    assert fits or "max_buffer_size" in told
    assert len(released.teacher.submissions()) == 1 + fits
    assert released.ada.get("uploads").json["items"] == []


@pytest.mark.parametrize(("size", "fits"), SIZES)
def test_max_dir_size_before_packing(released, ada, size, fits):
    ada.write("ps1/p1.ipynb", b"x" * size)
    config = {"CourseDirectory": {"max_dir_size": LIMIT // 1000}}
    told = attempt(fits, RuntimeError, lambda: ada.run(ExchangeSubmit, "ps1", config=config))
    assert fits or "too big" in told
    assert sizes_of(released) == ([LIMIT] if fits else [])


@pytest.mark.parametrize(("size", "fits"), SIZES)
def test_max_file_size_leaves_a_file_out_and_says_so(released, ada, size, fits):
    ada.write("ps1/p1.ipynb", b"x")
    ada.write("ps1/data.csv", b"x" * size)
    ada.run(ExchangeSubmit, "ps1", config={"CourseDirectory": {"max_file_size": LIMIT // 1000}})
    assert sizes_of(released) == [1 + LIMIT if fits else 1]
    assert ("data.csv" in ada.messages[-1]) is not fits


@pytest.mark.parametrize(("size", "fits"), SIZES)
def test_max_buffer_size_of_feedback(released, desks, size, fits):
    record = released.ada.submit()
    desks.teacher.write("feedback/ada/ps1/p1.html", b"x" * size)
    desks.teacher.write("feedback/ada/ps1/submission_secret.txt", record["id"])
    config = {"Exchange": {"max_buffer_size": LIMIT}}
    attempt(fits, ExchangeError, lambda: desks.teacher.run(ExchangeReleaseFeedback, "ps1", config=config))
    assert fits or "max_buffer_size" in desks.teacher.text
    ((attempted,),) = [entry["submissions"] for entry in released.ada.assignments()]
    assert len(attempted.get("feedback", [])) == fits


# --- at the service ----------------------------------------------------------------------------------------


@pytest.fixture
def limits(released) -> SimpleNamespace:
    told = released.teacher.get("me").json["limits"]
    return SimpleNamespace(packed=told["max_buffer_size"], unpacked=told["max_unpacked_size"])


def declare(kind, people, **values):
    """Announce an upload with these values in place of the right ones; gives the answer for it."""
    if kind == "feedback":
        submission = people.ada.submit()
        right = upload_item(b"x", student_id="ada", submission_id=submission["id"], notebook_id="p1")
    else:
        right = archive_item(b"x", force=kind == "release")
    caller = people.ada if kind == "submission" else people.teacher
    (answer,) = caller.initiate(kind, right | values).json["items"]
    return answer


@pytest.mark.parametrize("more", [0, 1])
@pytest.mark.parametrize("kind", ["release", "submission", "feedback"])
def test_the_packed_size_at_initiate(released, limits, kind, more):
    answer = declare(kind, released, size=limits.packed + more)
    assert answer["type"] == ("error" if more else "upload")
    if more:
        assert (answer["problem"]["type"], answer["problem"]["limit"]) == ("too-large", limits.packed)


@pytest.mark.parametrize("more", [0, 1])
@pytest.mark.parametrize("kind", ["release", "submission"])
def test_the_unpacked_size_at_initiate(released, limits, kind, more):
    answer = declare(kind, released, size=limits.packed, unpacked_size=limits.unpacked + more)
    assert answer["type"] == ("error" if more else "upload")
    if more:
        assert (answer["problem"]["type"], answer["problem"]["limit"]) == ("too-large", limits.unpacked)


# --- at the store ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [-1, 1])
def test_the_signed_length_at_the_store(released, more):
    """Neither with the length that was signed nor with the one that is sent."""
    body = b"x" * LIMIT
    item = archive_item(body)
    (granted,) = released.ada.begin("submission", item)
    sent = body[:more] if more < 0 else body + b"x" * more
    signed = SignedRequest("PUT", granted["url"], granted["headers"], URL_LIFETIME)
    honest = granted["headers"] | {"content-length": str(len(sent))}
    assert send(SignedRequest("PUT", granted["url"], honest, URL_LIFETIME), sent).status in {
        400,
        403,
    }
    if more > 0:  # the signed length is stored, and the byte beyond it dropped
        assert send(signed, sent).status == 200
        assert released.ada.complete(item).json["items"][0]["record"]["size"] == LIMIT
    else:
        assert released.ada.complete(item).json["items"][0]["problem"]["type"] == "object-missing"


# --- when it comes back ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "fits"), SIZES)
def test_max_unpacked_size_when_it_is_collected(released, ada, desks, size, fits):
    ada.write("ps1/p1.ipynb", b"x" * size)
    ada.run(ExchangeSubmit, "ps1")
    config = {"Exchange": {"max_unpacked_size": LIMIT}}
    attempt(fits, ExchangeError, lambda: desks.teacher.run(ExchangeCollect, "ps1", config=config))
    assert bool(desks.teacher.files("submitted")) is fits
    assert fits or "max_unpacked_size" in desks.teacher.text


@pytest.mark.parametrize(("size", "fits"), SIZES)
def test_max_dir_size_when_it_is_collected(released, ada, desks, size, fits):
    ada.write("ps1/p1.ipynb", b"x" * size)
    ada.run(ExchangeSubmit, "ps1")
    config = {"CourseDirectory": {"max_dir_size": LIMIT // 1000}}
    attempt(fits, ExchangeError, lambda: desks.teacher.run(ExchangeCollect, "ps1", config=config))
    assert bool(desks.teacher.files("submitted")) is fits
    assert fits or "max_dir_size" in desks.teacher.text


@pytest.mark.parametrize(("declared", "fits"), [(LIMIT, True), (LIMIT - 1, False)])
def test_the_announced_unpacked_size_when_it_is_unpacked(released, desks, declared, fits):
    """A student may announce less than there is: the extractor holds them to it."""
    body = archive(("p1.ipynb", b"x" * LIMIT))
    released.ada.submit(body, unpacked_size=declared)
    attempt(fits, ExchangeError, lambda: desks.teacher.run(ExchangeCollect, "ps1"))
    assert bool(desks.teacher.files("submitted")) is fits
    assert fits or "more than was announced" in desks.teacher.text


@pytest.mark.parametrize(("always", "fits"), [(LIMIT, True), (LIMIT - 1, False)])
def test_max_unpacked_ratio_when_it_is_collected(released, desks, monkeypatch, always, fits):
    """A service without that limit took it. What is too much is not even downloaded."""
    monkeypatch.setattr(limits_of_both, "ALWAYS_UNPACKED", always)
    body = archive(("p1.ipynb", bytes(LIMIT)))
    released.ada.submit(body, unpacked_size=LIMIT)
    asked, real = [], Storage.get
    monkeypatch.setattr(Storage, "get", lambda *arguments: asked.append(arguments) or real(*arguments))
    config = {"Exchange": {"max_unpacked_ratio": 1}}
    attempt(fits, ExchangeError, lambda: desks.teacher.run(ExchangeCollect, "ps1", config=config))
    assert bool(desks.teacher.files("submitted")) is bool(asked) is fits
    assert fits or "max_unpacked_ratio (1 to 1)" in desks.teacher.text


@pytest.mark.parametrize(("members", "fits"), [(3, True), (4, False)])
def test_max_members_when_it_is_collected(released, desks, members, fits):
    body = archive(*[(f"{number}.ipynb", b"") for number in range(members)])
    released.ada.submit(body, unpacked_size=0)
    config = {"Exchange": {"max_members": 3}}
    attempt(fits, ExchangeError, lambda: desks.teacher.run(ExchangeCollect, "ps1", config=config))
    assert bool(desks.teacher.files("submitted")) is fits
    assert fits or "more than 3 members (c.Exchange.max_members)" in desks.teacher.text
