"""Every writing call takes its locks in one order, people first and uploads last, and reads the clock under them.

In another order two calls could wait for each other; a time that was read before a lock can be one that others have
overtaken meanwhile. The lock of a person is what puts stamps in order: a batch reads the clock under it, in the
statement that locks the assignment. Uploads are completed, and so locked, at the instant of that statement.
"""

from __future__ import annotations

import re
from functools import partial

import pytest
from support.database.rosters import administrator, as_administrator
from support.database.statements import statements
from support.people.callers import archive_item, upload_item

from nbexchange.api.rosters.change import unenrol
from nbexchange.protocol import Unenrol

pytestmark = pytest.mark.databases("postgresql")  # SQLite has one lock for all writers

LOCK = re.compile(r"FROM (\w+).* FOR (?:NO KEY UPDATE|UPDATE|SHARE|KEY SHARE)", re.DOTALL)
COMPLETION = re.compile(r"UPDATE (upload) SET .*completed_at=\(SELECT clock_timestamp\(\)")


def steps(seen):
    """The tables whose rows were locked, and when the clock was read."""
    for statement in seen:
        if lock := LOCK.search(statement) or COMPLETION.match(statement):
            yield lock[1]
        if "clock_timestamp" in statement or COMPLETION.match(statement):
            yield "clock"


def begin(kind, people, scene):
    if kind == "feedback":
        about = {"student_id": "ada", "notebook_id": "p1", "submission_id": scene["submission"]["id"]}
        people.teacher.begin(kind, upload_item(b"<p>good</p>", **about))
    else:
        people.teacher.begin(kind, archive_item(b"work", force=True))


def complete(kind, people, scene):
    people.teacher.complete(scene[kind, "arrived"])


def download(kind, people, scene):
    people.teacher.request(kind, scene[kind]["id"])


def purge(people, scene):
    people.teacher.delete("assignments", course_id="cs1", assignment_id="ps1", purge="true")


CALLS = {
    "begin a release": (partial(begin, "release"), "person assignment clock"),
    "begin a submission": (partial(begin, "submission"), "person assignment clock"),
    "begin feedback": (partial(begin, "feedback"), "person assignment clock"),
    "complete a release": (partial(complete, "release"), "assignment upload clock"),
    "complete a submission": (partial(complete, "submission"), "person upload clock"),
    "complete feedback": (partial(complete, "feedback"), "assignment upload clock"),
    "abort": (
        lambda people, scene: people.teacher.delete(f"uploads/{scene['release', 'arrived']['id']}"),
        "upload",
    ),
    "download": (partial(download, "submission"), "person clock"),
    "remove": (lambda people, scene: people.teacher.remove(scene["submission"]), "person upload clock"),
    "unrelease": (
        lambda people, _: people.teacher.delete("assignments", course_id="cs1", assignment_id="ps1"),
        "person assignment clock clock",  # the second under the lock of the assignment as well
    ),
    "purge": (purge, "person assignment clock upload clock"),
}


@pytest.fixture
def scene(released):
    """An attempt, and what has arrived of each kind without being completed."""
    scene = {"submission": released.ada.submit()}
    about = {"student_id": "ada", "notebook_id": "p1", "submission_id": scene["submission"]["id"]}
    for kind, arrived in (
        ("release", archive_item(b"work", force=True)),
        ("submission", archive_item(b"work")),
        ("feedback", upload_item(b"work", **about)),
    ):
        (granted,) = released.teacher.begin(kind, arrived)
        assert released.teacher.put(granted, b"work") == 200
        scene[kind, "arrived"] = arrived
    return scene


@pytest.mark.parametrize("name", CALLS)
def test_locks_are_taken_in_one_order_and_the_clock_is_read_under_them(name, released, scene, database):
    call, expected = CALLS[name]
    with statements(database) as seen:
        call(released, scene)
    assert list(steps(seen)) == expected.split()


def test_a_change_of_a_roster_locks_its_course_and_then_reads_the_clock(database):
    as_administrator(database, ("boss", "instructor"))
    with statements(database) as seen:
        as_administrator(database, ("carol", "student"), create=False)
        unenrol(administrator(database), Unenrol("cs1", ["boss"]))
    assert list(steps(seen)) == ["course", "clock"] * 2
