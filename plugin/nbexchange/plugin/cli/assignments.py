"""`jupyter nbexchange list`: what is released to me, and what I submitted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from nbexchange.plugin.cli.base import Command
from nbexchange.plugin.cli.tables import table
from nbexchange.plugin.moments import moment
from nbexchange.plugin.sizes import humanize
from nbexchange.protocol import Assignment


class Release(Struct):
    version: int
    released_at: datetime
    size: int


class Listed(Struct):
    """An assignment. `feedback` counts the attempts with feedback; what belongs to none of them is one more."""

    course_id: str
    assignment_id: str
    release: Release | None
    attempts: int
    last_submitted_at: datetime | None
    feedback: int
    withdrawn_at: datetime | None


class Listing(Struct):
    assignments: list[Listed]


class List(Command):
    """What is released to you, and what you submitted, as the exchange has it.

    The course is that of `c.CourseDirectory.course_id` or `--course`; without it, all of yours.
    """

    name = "jupyter-nbexchange list"
    description = __doc__ or ""
    aliases = {**Command.aliases, "course": "CourseDirectory.course_id"}

    def ask(self) -> Listing:
        course_id = self.config.get("CourseDirectory", {}).get("course_id")
        answer = self.exchange.client.assignments(str(course_id) if course_id else None)
        return Listing([describe(entry) for entry in answer.assignments])

    def lines(self, answer: Listing) -> Iterator[str]:
        if not answer.assignments:
            yield "Nothing is released to you, and you have submitted nothing."
            return
        headings = (
            "course",
            "assignment",
            "version",
            "released",
            "size",
            "attempts",
            "last submitted",
            "feedback",
        )
        yield from table(headings, [self._row(entry) for entry in answer.assignments])

    def _row(self, entry: Listed) -> tuple[object, ...]:
        release, last = entry.release, entry.last_submitted_at
        return (
            entry.course_id,
            entry.assignment_id,
            release and release.version,
            self._when_released(entry),
            release and humanize(release.size),
            entry.attempts or None,
            last and moment(last, self.exchange),
            "ready" if entry.feedback else None,
        )

    def _when_released(self, entry: Listed) -> str | None:
        if entry.withdrawn_at:
            return f"withdrawn {moment(entry.withdrawn_at, self.exchange)}"
        return moment(entry.release.released_at, self.exchange) if entry.release else None


def describe(entry: Assignment) -> Listed:
    release = entry.release
    return Listed(
        entry.course_id,
        entry.assignment_id,
        Release(release.version, release.released_at, release.size) if release else None,
        len(entry.submissions),
        max((attempt.submitted_at for attempt in entry.submissions), default=None),
        sum(bool(attempt.feedback) for attempt in entry.submissions) + bool(entry.feedback),
        entry.withdrawn_at,
    )
