"""Every list that people ask for in a crowd, with each of its filters, and what comes after the first page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from support.database.crowd import student
from support.people.callers import COURSE, TEACHER

ELSEWHERE = "course-2"
"""Another course in which both are."""

STUDENT = student(1)

MIDDLE, FUTURE, PAST = "2026-01-05T09:00:00Z", "2030-01-01T00:00:00Z", "2020-01-01T00:00:00Z"
"""Instants: within the first hours of the crowd's uploads, after all of them, before any."""


@dataclass(frozen=True)
class ListCall:
    """A list as somebody asks for it."""

    who: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    second_page: bool = False

    @property
    def name(self) -> str:
        """For people: what is asked for, by whom."""
        filters = ", ".join(f"{name}={value}" for name, value in self.query.items() if name != "course_id")
        whose = "an instructor's" if self.who == TEACHER else "a student's"
        where = "" if "course_id" in self.query else ", all courses"
        return f"`GET v1/{self.path}`, {whose}{where}{': ' if filters else ''}{filters}" + (
            ", second page" if self.second_page else ""
        )


def _submissions() -> Iterator[Mapping[str, Any]]:
    yield {}
    yield {"assignment_id": "ps1"}
    yield {"assignment_id": "ps1", "latest": "true"}
    yield {"latest": "true"}
    yield {"student_id": STUDENT}
    yield {"student_id": "nobody-here"}
    yield {"before": FUTURE}
    yield {"before": FUTURE, "latest": "true"}


def _history() -> Iterator[Mapping[str, Any]]:
    yield {}
    yield {"assignment_id": "ps1"}
    yield {"assignment_id": "never-was"}
    yield {"action": "submitted"}
    yield {"action": "purged"}  # which nobody did
    yield {"person": STUDENT}
    yield {"person": TEACHER}
    yield {"person": "nobody-here"}
    yield {"since": MIDDLE}
    yield {"since": FUTURE}
    yield {"until": MIDDLE}
    yield {"until": PAST}


LISTS = [
    ListCall(STUDENT, "me"),
    ListCall(STUDENT, "assignments"),
    ListCall(STUDENT, "assignments", {"course_id": COURSE}),
    ListCall(TEACHER, "assignments", {"course_id": COURSE}),
    ListCall(STUDENT, "uploads", {"state": "pending"}),
    ListCall(TEACHER, "roster", {"course_id": COURSE}),
    *(ListCall(TEACHER, "submissions", {"course_id": COURSE, **query}) for query in _submissions()),
    ListCall(TEACHER, "submissions", {"course_id": COURSE}, second_page=True),
    ListCall(TEACHER, "submissions", {"course_id": COURSE, "latest": "true"}, second_page=True),
    *(ListCall(who, "history", query) for who in (STUDENT, TEACHER) for query in _history()),
    *(ListCall(TEACHER, "history", {"course_id": COURSE, **query}) for query in _history()),
    ListCall(TEACHER, "history", {"course_id": COURSE}, second_page=True),
]
