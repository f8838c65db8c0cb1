"""A notebook server goes on while its owner waits for the exchange.

`python -m benchmarks waiting` says at what pace.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import psutil
from support.hub.classroom_hub import done, release
from support.hub.hub import Hub, until
from support.hub.hub_config import INSTRUCTOR, STUDENTS
from support.hub.notebook_server import NotebookServer

ADA = STUDENTS[0]


@contextmanager
def exchange_that_lets_everybody_wait(hub: Hub) -> Iterator[None]:
    """It takes calls, and answers none before the block ends."""
    group = hub.exchange.service.server.pid
    os.killpg(group, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(group, signal.SIGCONT)


def calls_to_the_exchange(server: NotebookServer, hub: Hub) -> set[int]:
    """The connections to the hub's proxy, as nothing but the plugin makes them; each action makes one of its own."""
    connections = psutil.Process(server.pid).net_connections("tcp")
    return {end.laddr.port for end in connections if end.raddr and end.raddr.port == hub.ports.proxy}


@contextmanager
def submitting(hub: Hub, assignment: str) -> Iterator[tuple[NotebookServer, Future[Any]]]:
    """A student whose submit has reached the exchange, and gets no answer before the block ends."""
    release(hub, assignment)
    ada = hub.server(ADA)
    done(ada.act("fetch", assignment))
    with waiting(hub, ada, lambda: ada.act("submit", assignment)) as submit:
        yield ada, submit
    done(submit.result())


@contextmanager
def waiting(hub: Hub, server: NotebookServer, action: Callable[[], Any]) -> Iterator[Future[Any]]:
    """An action that has reached the exchange, and gets no answer before the block ends."""
    before = calls_to_the_exchange(server, hub)
    with ThreadPoolExecutor(1) as other, exchange_that_lets_everybody_wait(hub):
        begun = other.submit(action)
        until(lambda: calls_to_the_exchange(server, hub) - before, "the action to begin")
        yield begun


def test_a_server_answers_others_while_a_submit_waits_for_the_exchange(external):
    notes = {"type": "file", "format": "text", "content": "written meanwhile"}
    with submitting(external, "slowly") as (ada, submit):
        for _ in range(3):
            assert "started" in ada.call("GET", "api/status", timeout=10)
        ada.call("PUT", "api/contents/notes.txt", json=notes, timeout=10)
        assert not submit.done()
    assert (ada.home / "notes.txt").read_text() == "written meanwhile"
    assert len(ada.shown("slowly", "submitted")["submissions"]) == 1


def test_the_list_is_answered_when_the_submit_has_ended(external):
    """One after the other, as nbgrader wrote it for the loop."""
    with ThreadPoolExecutor(1) as other:
        with submitting(external, "in-turn") as (ada, submit):
            listing = other.submit(ada.shown, "in-turn", "submitted")
            ada.call("GET", "api/status", timeout=10)
            assert not submit.done()
            assert not listing.done()
        assert len(listing.result()["submissions"]) == 1


FORMGRADER = {
    "the page": lambda teacher: teacher.get("formgrader/manage_assignments"),
    "the list": lambda teacher: teacher.call("GET", "formgrader/api/assignments"),
    "collect": lambda teacher: done(teacher.formgrader("collect", "to-be-graded")),
    "release_feedback": lambda teacher: teacher.formgrader(
        "release_feedback", "to-be-graded"
    ),  # no feedback exists
    "unrelease": lambda teacher: done(teacher.formgrader("unrelease", "to-be-graded")),
    "release": lambda teacher: done(teacher.formgrader("release", "to-be-graded")),
}


def test_an_instructors_server_answers_others_while_formgrader_waits_for_the_exchange(external):
    release(external, "to-be-graded")
    teacher = external.server(INSTRUCTOR)
    for name, action in FORMGRADER.items():
        with waiting(external, teacher, partial(action, teacher)) as begun:
            assert "started" in teacher.call("GET", "api/status", timeout=10), name
            assert not begun.done(), name
        begun.result()
