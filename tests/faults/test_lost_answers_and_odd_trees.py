"""Answers that do not arrive, odd trees and hostile archives, through the plugin and two processes of the service."""

from __future__ import annotations

import os
from itertools import count
from uuid import uuid4

import pytest
from nbgrader.exchange.abc.exchange import ExchangeError
from support.archives.hostile import bomb, escaping, linking
from support.faults.proxy import LOSE, PAGE, PASS, proxy

from nbexchange.plugin import (
    ExchangeCollect,
    ExchangeFetchAssignment,
    ExchangeReleaseAssignment,
    ExchangeSubmit,
)

pytestmark = pytest.mark.usefixtures("nothing_is_half_recorded")


@pytest.mark.parametrize("trouble", [LOSE, PAGE])
def test_where_every_first_answer_goes_astray_a_submission_is_made_once(released, desks, trouble):
    desks.ada.write("ps1/p1.ipynb", "work")
    with proxy(desks.ada.url, lambda number: PASS if number > 1 else trouble) as url:
        desks.ada.url = url
        desks.ada.run(ExchangeSubmit, "ps1")
    assert [record["attempt"] for record in released.teacher.submissions()] == [1]


def test_where_no_answer_to_complete_arrives_the_work_has_arrived(pair, released, desks, database):
    desks.ada.write("ps1/p1.ipynb", "work")
    calls = count(1)  # the list, initiate, then complete and its repetition
    with proxy(desks.ada.url, lambda _: PASS if next(calls) <= 2 else LOSE) as url:
        desks.ada.url = url
        with pytest.raises(ExchangeError, match="Your files have arrived and count"):
            desks.ada.run(ExchangeSubmit, "ps1")
    assert [record["attempt"] for record in released.teacher.submissions()] == [1]


def test_a_wrong_token_is_refused_by_both_processes_and_a_new_one_known_to_both(pair, people):
    newcomer = pair.caller("cat", {"cs1": "Student"}, people.org_id)
    assert [newcomer.get("me").status_code for _ in range(2)] == [200, 200]
    wrong = {"Authorization": f"token {uuid4()}"}
    assert [newcomer.call("GET", "me", headers=wrong).status_code for _ in range(2)] == [401, 401]


# --- odd trees and hostile archives ----------------------------------------------------------------------


def exchange_tree(desks, tree):
    """Release, fetch, submit and collect a tree of these files; gives what the collected copy holds."""
    (desks.teacher.home / "release" / "ps1").mkdir(parents=True)
    for path, content in tree.items():
        desks.teacher.write(f"release/ps1/{path}", content)
    desks.teacher.run(ExchangeReleaseAssignment, "ps1")
    desks.ada.run(ExchangeFetchAssignment, "ps1")
    assert desks.ada.files("ps1") == tree
    desks.ada.run(ExchangeSubmit, "ps1")
    desks.teacher.run(ExchangeCollect, "ps1")
    local = {"timestamp.txt", "submission_secret.txt"}
    collected = desks.teacher.files("submitted/ada/ps1")
    return {path: content for path, content in collected.items() if path not in local}


def five_thousand_files():
    return {
        f"{number % 50}/data {number}.csv": f"{number}\n".encode() * (number % 7) for number in range(5000)
    }


TREES = {
    "an empty assignment": dict,
    "a zero-byte file": lambda: {"p1.ipynb": b"", "part/empty.csv": b""},
    "5 000 files": five_thousand_files,
}


@pytest.mark.parametrize("kind", TREES)
def test_a_tree_comes_back_as_it_was(desks, kind):
    tree = TREES[kind]()
    assert exchange_tree(desks, tree) == tree


def test_a_file_that_changes_while_it_is_packed_is_not_announced(released, desks, monkeypatch):
    path = desks.ada.write("ps1/p1.ipynb", "work" * 1000)
    real = os.fstat

    def meddle(handle):
        status = real(handle)
        if status.st_size == 4000:
            path.write_text("other")
        return status

    monkeypatch.setattr("nbexchange.plugin.archives.packing.os.fstat", meddle)
    with pytest.raises(ExchangeError, match=r"p1\.ipynb changed while it was packed"):
        desks.ada.run(ExchangeSubmit, "ps1")
    assert released.ada.get("uploads").json["items"] == []


@pytest.mark.parametrize("make", [escaping, linking, bomb])
def test_a_hostile_submission_fails_alone_and_leaves_nothing(released, desks, make):
    released.ada.submit(make(), unpacked_size=1000)
    desks.ben.write("ps1/p1.ipynb", "honest work")
    desks.ben.run(ExchangeSubmit, "ps1")
    with pytest.raises(ExchangeError, match="1 new, 0 updated, 0 unchanged, 1 failed: ada"):
        desks.teacher.run(ExchangeCollect, "ps1")
    collected = desks.teacher.files("submitted")
    assert {path.split("/")[0] for path in collected} == {"ben"}
    assert desks.teacher.leftovers() == []
    assert {path.name for path in desks.teacher.home.iterdir()} <= {"submitted", "gradebook.db"}
