"""How often each command calls the service and the file store, and over how many connections."""

from __future__ import annotations

import pytest
from support.people.classroom import make_feedback

from nbexchange.plugin import release_assignment

LIST, ME, SUBMISSIONS = "GET v1/assignments", "GET v1/me", "GET v1/submissions"
BEGIN, SEND, COMPLETE = "POST v1/uploads", "PUT objects", "POST v1/uploads/complete"
GRANT, FETCH = "POST v1/downloads", "GET objects"
REMOVE, UNRELEASE = "POST v1/submissions/remove", "DELETE v1/assignments"

TERM = [
    ("teacher", "nbgrader release_assignment ps1", [BEGIN, SEND, COMPLETE]),
    ("ada", "nbgrader list", [LIST]),
    ("ada", "nbgrader fetch_assignment ps1", [LIST, GRANT, FETCH]),
    ("ada", "nbgrader submit ps1", [LIST, BEGIN, SEND, COMPLETE]),
    ("ben", "nbgrader submit ps1", [LIST, BEGIN, SEND, COMPLETE]),
    ("ada", "nbgrader list --cached", [LIST]),
    ("ada", "nbgrader list --inbound", [SUBMISSIONS, LIST]),
    ("teacher", "nbgrader list --inbound", [SUBMISSIONS]),
    ("teacher", "nbgrader list --inbound --course=*", [ME, SUBMISSIONS]),
    ("teacher", "nbgrader collect ps1", [SUBMISSIONS, GRANT, FETCH, FETCH, "POST v1/submissions/collected"]),
    ("teacher", "nbgrader collect ps1 --update", [SUBMISSIONS]),
    ("teacher", "nbgrader release_feedback ps1", [BEGIN, SEND, SEND, COMPLETE]),
    ("ada", "nbgrader fetch_feedback ps1", [LIST, GRANT, FETCH]),
    ("ada", "nbgrader fetch_feedback ps1", [LIST]),
    ("ada", "jupyter nbexchange whoami", [ME]),
    ("ada", "jupyter nbexchange courses", [ME]),
    ("ada", "jupyter nbexchange list", [LIST]),
    ("ada", "jupyter nbexchange status", ["GET healthz", "GET readyz", ME, "HEAD objects"]),
    ("ada", "jupyter nbexchange config", []),
    ("ada", "nbgrader list --cached --remove", [LIST, REMOVE]),
    ("teacher", "nbgrader list --inbound --remove", [SUBMISSIONS, REMOVE]),
    ("teacher", "nbgrader list --remove", [LIST, UNRELEASE]),
]
"""A term of `ps1` in its order: who runs what, and what it asks for. The third column may grow for a reason alone."""


@pytest.fixture(autouse=True)
def work(desks, heard):
    """`ps1` is about to be released, and ben has something to submit."""
    desks.teacher.write("release/ps1/p1.ipynb")
    desks.ben.write("ps1/p1.ipynb", "work")


def run(desk, command):
    program, *arguments = command.removeprefix("jupyter ").split()
    if program == "nbgrader":
        desk.nbgrader(*arguments)
    else:
        assert desk.ask(*arguments).status == 0


def test_each_command_calls_no_more_often_than_it_has_to_and_over_one_connection(desks, heard):
    calls, connections = {}, {}
    for who, command, expected in TERM:
        if "release_feedback" in command:
            for student in ("ada", "ben"):
                make_feedback(desks.teacher, student)
        heard.forget()
        run(getattr(desks, who), command)
        calls[who, command, len(calls)] = heard.calls
        connections[command] = (heard.connections, min(1, len(expected)))
    assert list(calls.values()) == [expected for *_, expected in TERM], calls
    assert all(count == needed for count, needed in connections.values()), connections


def test_who_releases_what_takes_long_to_pack_hears_before_that_the_service_is_away(
    desks, heard, monkeypatch
):
    monkeypatch.setattr(release_assignment, "SOON_PACKED", 1)
    run(desks.teacher, "nbgrader release_assignment ps1")
    assert heard.calls == [ME, BEGIN, SEND, COMPLETE]
