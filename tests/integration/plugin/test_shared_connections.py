"""The connections of a process: all actions share them, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from nbexchange.plugin import ExchangeList, ExchangeReleaseAssignment, ExchangeSubmit, sessions

TURNS = 5


@pytest.fixture
def classroom(desks, heard):
    """Of `ps1` there is a release, and work to submit."""
    desks.teacher.write("release/ps1/p1.ipynb")
    desks.teacher.run(ExchangeReleaseAssignment, "ps1")
    for desk in (desks.ada, desks.ben):
        desk.write("ps1/p1.ipynb", "work")
    heard.forget()
    return desks


def test_actions_one_after_the_other_share_a_connection_and_neither_token_nor_cookie(classroom, heard):
    """One process may even do the work of several people, as here."""
    people = [classroom.ada, classroom.teacher, classroom.ben]
    for desk in people:
        desk.run(ExchangeList)
    assert heard.connections == 1
    assert heard.credentials == [(f"token {desk.token}", None) for desk in people]


def test_each_thread_has_its_own_answers(classroom, heard):
    both_ask = threading.Barrier(2)

    def ask(name):
        client = getattr(classroom, name).make(ExchangeList).client
        client.prepare = lambda path: (f"{heard.url}/services/nbexchange/{path}", {}, headers[name])
        for _ in range(TURNS):
            both_ask.wait(10)
            yield client.me().name

    headers = {name: {"Authorization": f"token {getattr(classroom, name).token}"} for name in ("ada", "ben")}
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda name: list(ask(name)), headers))
    assert answers == [["ada"] * TURNS, ["ben"] * TURNS]
    assert heard.connections <= 2


def test_a_connection_that_the_service_has_closed_is_not_used_again(classroom, heard):
    for desk in (classroom.ada, classroom.ben):
        desk.run(ExchangeSubmit, "ps1")
        heard.hang_up()
    assert heard.connections == 2
    assert len(classroom.teacher.run(ExchangeList, inbound=True)) == 2


def test_a_connection_that_was_silent_for_long_is_not_used_again(classroom, heard, monkeypatch):
    """A network may have forgotten it, and tells nobody."""
    now = [0.0]
    monkeypatch.setattr(sessions, "monotonic", lambda: now[0])
    for silent, connections in ((0, 1), (sessions.MAX_IDLE, 1), (sessions.MAX_IDLE + 1, 2)):
        now[0] += silent
        classroom.ada.run(ExchangeList)
        assert heard.connections == connections


FORK = """
import os
from nbexchange.plugin.sessions import CONNECTIONS, Session
before = Session(0).get_adapter("http://exchange/").poolmanager
assert Session(0).get_adapter("http://exchange/").poolmanager is before
if not (child := os.fork()):
    os._exit(Session(0).get_adapter("http://exchange/").poolmanager is before)
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_process_that_was_forked_off_has_connections_of_its_own():
    subprocess.run([sys.executable, "-c", FORK], check=True, timeout=60)
