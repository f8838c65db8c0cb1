"""The verbs of the audit log: what each is about, who reads it, and whether it can happen to an object twice.

The table stands below the models, since the constraints of the log are made from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from nbexchange.protocol import Verb

Subject = Literal["release", "submission", "feedback", "assignment", "roster"]


@dataclass(frozen=True)
class Event:
    about: Subject
    once: bool = False
    """Whether it happens to an object once at most, which a unique index holds."""
    seen_by_members: bool = False
    """Whether every member of the course reads it; the others only graders, instructors and who did it."""


EVENTS: Mapping[Verb, Event] = {
    "released": Event("release", once=True, seen_by_members=True),
    "unreleased": Event("release"),
    "fetched": Event("release"),
    "purged": Event("assignment"),
    "submitted": Event("submission", once=True),
    "submission_fetched": Event("submission"),
    "collected": Event("submission"),
    "removed": Event("submission"),
    "hidden": Event("submission"),
    "feedback_released": Event("feedback", once=True),
    "feedback_fetched": Event("feedback"),
    "enrolled": Event("roster"),
    "unenrolled": Event("roster"),
}
"""`fetched` and its like mean that somebody was given a URL; `collected`, that a grader's or instructor's plugin says
that it downloaded the attempt and kept it.
`removed` takes an attempt out of the course's list and collect, `hidden` takes it off its student's own list.
"""

KINDS = tuple(dict.fromkeys(event.about for event in EVENTS.values()))

UPLOADED: Mapping[str, Verb] = {
    "release": "released",
    "submission": "submitted",
    "feedback": "feedback_released",
}
"""The verb of a completed upload, by its kind."""


def verbs_about(subject: Subject) -> list[Verb]:
    return [verb for verb, event in EVENTS.items() if event.about == subject]
