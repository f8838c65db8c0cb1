"""Lines of the Assignment List that are no assignments and no attempts: what an action said, or why it failed.

nbgrader's page has a dialog for a failed submission, and no place for anything else.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from nbexchange.plugin.escaped_log import Lines
from nbexchange.plugin.list_entries import Info, outbound_info
from nbexchange.plugin.messages import MESSAGES

ASK_AGAIN = "Below is what you have fetched. The button asks again."
LIST_AGAIN = "Below is the list as it was before. The button takes this line away."

MOST_LINES = 6
"""Lines of what an action said that people read; all of them are in the server's log."""

ADDRESSES = ("Source: ", "Destination: ")
"""How lines begin that a person who pressed a button did not ask about."""


def notice(course_id: str, why: str, ending: str) -> Info:
    """Why something failed, as an entry above the released assignments, whose button is harmless."""
    return outbound_info(course_id, f"{why}\n{ending}", "released", "", Path(), [])


def is_notice(assignment_id: str) -> bool:
    """Whether the button of such a line was pressed, in whatever tab and however long ago it was shown."""
    return assignment_id.endswith((ASK_AGAIN, LIST_AGAIN))


def add_failure(entries: list[Info], course_id: str, why: str) -> None:
    """Put what failed above a list, unless that begins with the same: the exchange may be away for both."""
    above = entries[0]["assignment_id"] if entries else ""
    if not (is_notice(above) and without_reference(above) == without_reference(why)):
        entries.insert(0, notice(course_id, why, LIST_AGAIN))


def without_reference(text: str) -> str:
    return text.partition("\n")[0].partition(" (request ")[0]


def has_arrived(traceback: str) -> bool:
    """Whether a submission failed when the work had arrived: nbgrader's dialog would say that it was not submitted."""
    return MESSAGES["confirmation-lost"].happened in traceback


def add_told(entries: Iterable[Info], course_id: str, assignment_id: str, lines: Lines) -> None:
    """Put what an action said above the attempts at its assignment, each on a line: the page shows no line breaks."""
    told = [text for level, text in lines if level >= logging.INFO and not text.startswith(ADDRESSES)]
    if len(told) > MOST_LINES:
        told = ["The log of the server has more of this.", *told[-MOST_LINES:]]
    asked = ("submitted", course_id, assignment_id)
    for entry in entries:
        if (entry["status"], entry["course_id"], entry["assignment_id"]) == asked:
            attempts = entry["submissions"]
            attempts[:0] = [_line(text, attempts[0]) for text in told]


def _line(text: str, attempt: Info) -> Info:
    """An entry beside this attempt with a text in the place of its time."""
    nothing = {"has_local_feedback": False, "has_exchange_feedback": False, "feedback_updated": False}
    return {
        **attempt,
        **nothing,
        "local_feedback_path": None,
        "notebooks": [],
        "timestamp": " ".join(text.split()),
    }
