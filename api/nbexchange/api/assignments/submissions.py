"""A course's submissions, for its graders and instructors: pages, with two statements each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, select

from nbexchange.api.access.visibility import COURSE_SEEN_WHOLE, ORGANISATION, parameters
from nbexchange.api.assignments.listing import FEEDBACK_PAGE
from nbexchange.api.assignments.submission_pages import PAGE_ORDER, Shape, page_statement
from nbexchange.api.db.columns import Cells
from nbexchange.api.db.instants import check_instant
from nbexchange.api.db.models import Assignment, Course, Person
from nbexchange.api.db.prepared import Prepared
from nbexchange.api.problems import InvalidRequest
from nbexchange.api.runtime import Context
from nbexchange.protocol import SubmissionsQuery, is_path_component

PAGE = 500
"""How many attempts are on a page, at the most."""

SPAN = 50
"""How many assignments a page looks at, at the most: where they have few attempts it is shorter than others."""

KEY_LENGTH = len(PAGE_ORDER)

Key = tuple[int, ...]

_ASSIGNMENTS = (
    select(
        Assignment.pk,
        Assignment.assignment_id,
        Assignment.course_pk,
        select(Person.pk)
        .where(Person.org_pk == ORGANISATION, Person.name == bindparam("student_id"))
        .scalar_subquery()
        .label("student_pk"),
    )
    .join(Course, Assignment.course_pk == Course.pk)
    .where(COURSE_SEEN_WHOLE, Course.course_id == bindparam("course_id"), Assignment.pk >= bindparam("first"))
    .order_by(Assignment.pk)
    .limit(bindparam("limit"))
)
_ALL = Prepared(_ASSIGNMENTS)
_ONE = Prepared(_ASSIGNMENTS.where(Assignment.assignment_id == bindparam("assignment_id")))


@dataclass(frozen=True)
class Attempt:
    """A row of the page's statement, and those that have the feedback on it."""

    row: Cells
    feedback: list[Cells] = field(default_factory=list)

    @property
    def key(self) -> Key:
        """What orders the pages."""
        key: Key = self.row[:KEY_LENGTH]
        return key

    @property
    def series(self) -> Key:
        """What it shares with the other attempts of the student at the assignment."""
        return self.key[:2]


@dataclass(frozen=True)
class SubmissionsPage:
    attempts: Sequence[Attempt]
    following: Key | None = None
    """After which key the next page begins, where there is one."""
    assignments: Mapping[int, str] = field(default_factory=dict)
    """The ids of the assignments, by their keys."""


def list_submissions(context: Context, query: SubmissionsQuery, after: Key | None) -> SubmissionsPage:
    """A page of the attempts in a course; `after` is the key that the page before ended with.

    Where there are rosters they say what a student's own identity does not: names and addresses.
    """
    check_query(query)
    with context.read() as transaction:
        asked = {
            **parameters(context.caller),
            "course_id": query.course_id,
            "assignment_id": query.assignment_id,
            "student_id": query.student_id,
            "first": after[0] if after else 0,
            "limit": SPAN + 1,
        }
        assignments = (_ALL if query.assignment_id is None else _ONE).fetch(transaction.connection, asked)
        looked_at = assignments[:SPAN]
        if not looked_at:
            return SubmissionsPage([])
        statement = page_statement(_shape(context, query, len(looked_at), is_first=after is None))
        rows = statement.fetch(transaction.connection, _values(query, looked_at, after))
    attempts, following = _whole(rows)
    if following is None and len(assignments) > SPAN:
        following = (assignments[SPAN].pk, 0, 0)
    return SubmissionsPage(attempts, following, {row.pk: row.assignment_id for row in looked_at})


def check_query(query: SubmissionsQuery) -> None:
    for name in (query.assignment_id, query.student_id):
        if name is not None and not is_path_component(name):
            raise InvalidRequest("An assignment's or student's id in the query is not valid.")
    if query.before is not None:
        check_instant("before", query.before)


def _shape(context: Context, query: SubmissionsQuery, assignments: int, *, is_first: bool) -> Shape:
    return Shape(
        PAGE + 1,
        # As many as one page can have attempts without feedback, and feedback: one more, and something is left out.
        PAGE + FEEDBACK_PAGE + 1,
        assignments,
        is_first=is_first,
        of_student=query.student_id is not None,
        latest=query.latest,
        before=query.before is not None,
        has_rosters=context.runtime.has_rosters,
    )


def _values(query: SubmissionsQuery, assignments: Sequence[Cells], after: Key | None) -> dict[str, Any]:
    first = assignments[0]
    return {
        **{f"assignment_{number}": row.pk for number, row in enumerate(assignments)},
        **{f"last_{column.key}": key for column, key in zip(PAGE_ORDER, after or (), strict=False)},
        "course_pk": first.course_pk,
        "student_pk": first.student_pk,
        "before": query.before,
    }


def _whole(rows: Iterable[Cells]) -> tuple[list[Attempt], Key | None]:
    """The attempts of a page with their feedback, and its last key unless that is all.

    The page ends before a student who has too much of it for what is left.
    """
    page: list[Attempt] = []
    feedback = 0
    last = None
    for row in rows:
        key = row[:KEY_LENGTH]
        if key != last:
            if len(page) == PAGE:
                return page, page[-1].key
            page.append(Attempt(row))
            last = key
        if row.feedback_id is not None:
            feedback += 1
            if feedback > FEEDBACK_PAGE:
                series = page[-1].series
                page = [attempt for attempt in page if attempt.series != series]
                return page, page[-1].key
            page[-1].feedback.append(row)
    return page, None
