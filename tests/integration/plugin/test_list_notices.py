"""What the Assignment List says of an action: why it failed, above the list, or what was done, above the attempts."""

from __future__ import annotations

import logging
import re

import pytest
from support.people.classroom import give_feedback
from support.people.jupyter_server import shown

from nbexchange.plugin import assignment_list as extension
from nbexchange.plugin import settings
from nbexchange.plugin.assignment_list import Manager
from nbexchange.plugin.failures import ServiceUnreachable
from nbexchange.plugin.list_notices import ASK_AGAIN, LIST_AGAIN, MOST_LINES, add_told
from nbexchange.plugin.service.client import Client


@pytest.mark.parametrize("action", ["fetch", "fetch_feedback"])
def test_why_a_fetch_failed_stands_above_the_list_which_is_there_all_the_same(manager, action):
    line, *rest = shown(manager.act(action, "cs1", "ps9"))
    assert line["assignment_id"].startswith("ps9 is not released in cs1. ")
    assert line["assignment_id"].endswith(f"\n{LIST_AGAIN}")
    assert (line["status"], line["course_id"]) == ("released", "cs1")
    assert shown(manager.act("fetch", "cs1", line["assignment_id"])) == rest


def told(answer):
    """The lines above the attempts."""
    (group,) = [entry for entry in shown(answer) if entry["status"] == "submitted"]
    texts = [entry["timestamp"] for entry in group["submissions"]]
    lines = [text for text in texts if not re.search(r", attempt \d+$", text)]
    assert texts[: len(lines)] == lines
    assert not any(entry["has_exchange_feedback"] for entry in group["submissions"][: len(lines)])
    return lines


def test_a_submission_is_confirmed_with_what_was_said_of_it(manager, submitted):
    (submitted.ada.home / "ps1" / "p1.ipynb").rename(submitted.ada.home / "ps1" / "mine.ipynb")
    submitted.ada.write("ps1/.git/config")
    missing, receipt, left_out = told(manager.act("submit", "cs1", "ps1"))
    assert "p1.ipynb: MISSING" in missing
    assert re.fullmatch(r"Submitted as: cs1 ps1 20.* UTC \(attempt 2, sha256 \w+\)", receipt)
    assert re.fullmatch(r"Left out, since programs run .*: \.git", left_out)
    _, receipt, _ = told(manager.act("submit", "cs1", "ps1"))
    assert ", the same as attempt 2 of " in receipt


def test_where_there_is_no_feedback_the_list_says_so(manager, submitted):
    submitted.ada.nbgrader("submit", "ps1")
    (line,) = told(manager.act("fetch_feedback", "cs1", "ps1"))
    assert re.fullmatch(r"Could not find feedback for 'cs1/ps1' submitted at \S+ \S+ UTC, \S+ \S+ UTC", line)
    give_feedback(submitted, "ada")
    without, line = told(manager.act("fetch_feedback", "cs1", "ps1"))
    assert without.startswith("Could not find feedback for 'cs1/ps1' submitted at ")
    assert line.startswith("Fetched feedback: ")
    without, line = told(manager.act("fetch_feedback", "cs1", "ps1"))
    assert line.startswith("Nothing to fetch: ")


def test_what_an_action_says_is_not_longer_than_people_read():
    group = {
        "status": "submitted",
        "course_id": "cs1",
        "assignment_id": "ps1",
        "submissions": [{"path": "x"}],
    }
    lines = [(logging.INFO, f"Fetched feedback: {number}") for number in range(MOST_LINES + 4)]
    add_told([group], "cs1", "ps1", [*lines, (logging.DEBUG, "a traceback")])
    more, *shown_lines, _ = group["submissions"]
    assert more["timestamp"] == "The log of the server has more of this."
    assert [line["timestamp"] for line in shown_lines] == [text for _, text in lines[-MOST_LINES:]]


def test_work_that_has_arrived_is_in_no_dialog_that_calls_it_not_submitted(manager, submitted, monkeypatch):
    def away(*_, **__):
        raise ServiceUnreachable("The exchange service cannot be reached.", "request-1")

    (submitted.ada.home / "ps1").rename(submitted.ada.home / "away")
    submitted.ada.nbgrader("fetch_assignment", "ps1")
    monkeypatch.setattr(Client, "complete", away)
    line, *_ = shown(manager.act("submit", "cs1", "ps1"))
    assert line["assignment_id"].startswith("Your files have arrived and count from the time ")
    assert line["assignment_id"].endswith(f"\n{LIST_AGAIN}")
    monkeypatch.setattr(Manager, "list_assignments", lambda *_: manager.fetch_assignment("cs9", "ps1"))
    arrived, away, *copies = shown(manager.act("submit", "cs1", "ps1"))
    assert arrived["assignment_id"].startswith("Your files have arrived and count from the time ")
    assert away["assignment_id"].endswith(f"\n{ASK_AGAIN}")
    assert [copy["assignment_id"] for copy in copies] == ["ps1"]


def test_a_button_waits_less_than_a_command(manager, submitted, monkeypatch):
    monkeypatch.setattr(settings, "RETRY_SECONDS", 60)
    folder = submitted.ada.home
    assert extension.configuration(folder).Exchange.retry_seconds == settings.BUTTON_SECONDS
    submitted.ada.configure("c.Exchange.retry_seconds = 45")
    assert extension.configuration(folder).Exchange.retry_seconds == 45
