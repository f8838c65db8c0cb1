"""What `nbgrader list` asks for: a member's own view of their courses, with three statements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from operator import itemgetter

from sqlalchemy import BindParameter, bindparam, case, func, select
from sqlalchemy.orm import aliased

from nbexchange.api.access.visibility import (
    CALLER,
    HAS_RELEASE,
    IN_COURSES,
    IN_OWN_LIST,
    IS_CURRENT_FEEDBACK,
    WITHDRAWN_AT,
    parameters,
)
from nbexchange.api.db.columns import Cells, json_text, uuid_text
from nbexchange.api.db.engine import CLOCK
from nbexchange.api.db.in_list import in_list
from nbexchange.api.db.models import Assignment, Course, Feedback, Person, Release, Submission, Upload
from nbexchange.api.db.prepared import Prepared
from nbexchange.api.runtime import Context

FEEDBACK_PAGE = 3000
"""How much feedback is on a page, at the most: more than one student has on one assignment."""

ASSIGNMENTS_PAGE = 30
"""How many assignments are on a page, at the most."""

ATTEMPTS = 50
"""How many of their own attempts somebody sees of an assignment: the newest."""

ATTEMPTS_PAGE = 3 * ATTEMPTS
"""How many of them are on a page of assignments, at the most."""

# --- the statements -----------------------------------------------------------------------------------------

_ASSIGNMENTS = Prepared(
    select(
        Assignment.pk,
        Course.course_id,
        Assignment.assignment_id,
        case((Release.pk.is_(None), WITHDRAWN_AT)).label("withdrawn_at"),
        CALLER.label("caller_pk"),
        CLOCK.label("now"),
        uuid_text(Upload.uuid).label("release_id"),
        Release.version,
        Upload.completed_at,
        Upload.size,
        Upload.sha256,
        Upload.unpacked_size,
        json_text(Upload.notebooks).label("notebooks"),
    )
    .join(Course, Assignment.course_pk == Course.pk)
    .outerjoin(Release, HAS_RELEASE)
    .outerjoin(Upload, Upload.pk == Release.pk)
    .where(IN_COURSES, Assignment.pk > bindparam("after"))
    .order_by(Assignment.pk)
    .limit(bindparam("limit"))
)
"""Assignments in the order of their keys, each with its current release, or when it was withdrawn."""

_MINE: BindParameter[int] = bindparam("caller_pk")

_newer = aliased(Submission)
_LEFT_OUT = (
    select(func.max(_newer.attempt) - bindparam("attempts"))
    .where(_newer.assignment_pk == Submission.assignment_pk, _newer.student_pk == Submission.student_pk)
    .scalar_subquery()
)
"""Up to which attempt those of an assignment are too old to be listed."""

_actor = aliased(Person)
_ATTEMPTS = Prepared(
    select(
        Submission.assignment_pk,
        Upload.stamp,
        uuid_text(Upload.uuid).label("id"),
        Submission.attempt,
        Upload.completed_at,
        Upload.size,
        Upload.sha256,
        Upload.unpacked_size,
        json_text(Upload.notebooks).label("notebooks"),
        case((Upload.actor_pk != Submission.student_pk, _actor.name)).label("submitted_by"),
        Upload.by_instructor,
        Upload.tree_sha256,
    )
    .join(Upload, Submission.pk == Upload.pk)
    .join(_actor, Upload.actor_pk == _actor.pk)
    .where(
        in_list(Submission.assignment_pk, "on_page"),
        Submission.student_pk == _MINE,
        Submission.attempt > _LEFT_OUT,
        IN_OWN_LIST,
    )
    .order_by(Submission.assignment_pk, Upload.stamp)
    .limit(bindparam("limit"))
)

_FEEDBACK = Prepared(
    select(
        Feedback.assignment_pk,
        Feedback.submitted_at,
        Upload.submission_pk,
        uuid_text(Upload.uuid).label("id"),
        Feedback.notebook_id,
        Upload.completed_at,
        Upload.size,
        Upload.sha256,
    )
    .join(Upload, Feedback.pk == Upload.pk)
    .where(in_list(Feedback.assignment_pk, "on_page"), Feedback.student_pk == _MINE, IS_CURRENT_FEEDBACK)
    .order_by(Feedback.assignment_pk, Feedback.pk)
    .limit(bindparam("limit"))
)


# --- the list -----------------------------------------------------------------------------------------------


@dataclass
class AssignmentView:
    """What one person sees of an assignment, as rows; `feedback` is on no attempt of theirs that is listed."""

    assignment: Cells
    attempts: list[tuple[Cells, Sequence[Cells]]] = field(default_factory=list)
    """Each with its feedback."""
    feedback: list[Cells] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        row = self.assignment
        return not (row.release_id or row.withdrawn_at or self.attempts or self.feedback)


def list_assignments(
    context: Context, course_id: str | None, after: int | None
) -> tuple[list[AssignmentView], datetime, int | None]:
    """A page of what the caller sees of their courses, or of one, the server's time, and the page's last key.

    There is no last key where nothing follows; `after` is that of the page before.
    """
    asked = parameters(context.caller, None if course_id is None else [course_id])
    with context.read() as transaction:
        connection = transaction.connection
        rows = _ASSIGNMENTS.fetch(connection, {**asked, "after": after or 0, "limit": ASSIGNMENTS_PAGE + 1})
        if not rows:
            return [], transaction.now, None
        page = [AssignmentView(row) for row in rows[:ASSIGNMENTS_PAGE]]
        own = {"on_page": [view.assignment.pk for view in page], "caller_pk": rows[0].caller_pk}
        attempts = _ATTEMPTS.fetch(connection, {**own, "attempts": ATTEMPTS, "limit": ATTEMPTS_PAGE + 1})
        feedback = _FEEDBACK.fetch(connection, {**own, "limit": FEEDBACK_PAGE + 1})
    _fill(page, attempts, feedback)
    page = _whole(_whole(page, attempts, ATTEMPTS_PAGE), feedback, FEEDBACK_PAGE)
    last = page[-1].assignment.pk if len(page) < len(rows) else None
    return [view for view in page if not view.is_empty], rows[0].now, last


def _whole(page: list[AssignmentView], rows: Sequence[Cells], most: int) -> list[AssignmentView]:
    """The assignments of which all rows are there: the first, where one more than `most` were read."""
    end = rows[most].assignment_pk if len(rows) > most else inf
    return [view for view in page if view.assignment.pk < end]


def _fill(page: Sequence[AssignmentView], attempts: Iterable[Cells], feedback: Iterable[Cells]) -> None:
    """Put each row where it belongs."""
    views: Mapping[int, AssignmentView] = {view.assignment.pk: view for view in page}
    on_attempt: dict[tuple[int, datetime], list[Cells]] = {}
    series_and_stamp = itemgetter(0, 1)
    for row in attempts:
        entries = on_attempt[series_and_stamp(row)] = []
        views[row.assignment_pk].attempts.append((row, entries))
    for row in feedback:
        if (key := series_and_stamp(row)) in on_attempt:
            on_attempt[key].append(row)
        elif row.submission_pk is None:  # any other is about an attempt that is too old to be listed
            views[row.assignment_pk].feedback.append(row)
