"""`jupyter nbexchange courses`: which courses the exchange lets me into."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from nbexchange.plugin.cli.base import Command
from nbexchange.plugin.cli.tables import table
from nbexchange.protocol import Course


class MyCourses(Struct):
    courses: list[Course]


class Courses(Command):
    """Your courses at the exchange, and what you are in each."""

    name = "jupyter-nbexchange courses"
    description = __doc__ or ""

    def ask(self) -> MyCourses:
        return MyCourses(self.exchange.client.me().courses)

    def lines(self, answer: MyCourses) -> Iterator[str]:
        return course_lines(answer.courses)


def course_lines(courses: Sequence[Course]) -> Iterator[str]:
    if not courses:
        yield "You have no courses here."
        return
    rows = [(course.course_id, course.role, course.title) for course in courses]
    yield from table(("course", "role", "title"), rows)
