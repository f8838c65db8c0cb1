"""What `nbgrader list` and collect ask for, with a constant number of statements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from operator import attrgetter

from sqlalchemy import Exists, ScalarSelect, Select, func, literal_column, select, tuple_
from sqlalchemy.orm import Session, aliased, contains_eager

from nbexchange.api.access.visibility import (
    Student,
    assignments_after,
    course_submissions,
    current_releases,
    own_feedback,
    own_submissions,
)
from nbexchange.api.db.instants import check_instant
from nbexchange.api.db.models import Assignment, Feedback, Membership, Release, Submission, Upload
from nbexchange.api.problems import InvalidRequest
from nbexchange.api.rosters.read import find_memberships
from nbexchange.api.runtime import Context, Transaction
from nbexchange.protocol import SubmissionsQuery, is_path_component

PAGE = 500
"""How many attempts are on a page, at the most."""

FEEDBACK_PAGE = 3000
"""How much feedback is on a page, at the most: more than one student has on one assignment."""

ASSIGNMENTS_PAGE = 30
"""How many assignments are on a page, at the most."""

ATTEMPTS = 50
"""How many of their own attempts somebody sees of an assignment: the newest."""

ATTEMPTS_PAGE = 3 * ATTEMPTS
"""How many of them are on a page of assignments, at the most."""

SERIES = attrgetter("assignment_pk", "student_pk")
PAGE_ORDER = (Submission.assignment_pk, Submission.student_pk, Submission.attempt)


@dataclass(frozen=True)
class Attempt:
    submission: Submission
    feedback: Sequence[Feedback] = ()
    membership: Membership | None = None
    """What the course's roster says of the student, where that is asked for."""


@dataclass
class AssignmentView:
    """What one person sees of an assignment; `feedback` is what belongs to no attempt of theirs that is listed."""

    assignment: Assignment
    release: Release | None = None
    withdrawn_at: datetime | None = None
    attempts: list[Attempt] = field(default_factory=list)
    feedback: list[Feedback] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.release or self.withdrawn_at or self.attempts or self.feedback)


# --- a member's own view ------------------------------------------------------------------------------------


def list_assignments(
    context: Context, course_id: str | None, after: int | None
) -> tuple[list[AssignmentView], datetime, int | None]:
    """A page of what the caller sees of their courses, or of one, the server's time, and the page's last key.

    There is no last key where nothing follows; `after` is that of the page before.
    """
    caller = context.caller
    courses = caller.courses if course_id is None else [course_id]
    with context.read() as transaction:
        session = transaction.session
        rows = session.execute(
            assignments_after(caller, courses, after or 0).limit(ASSIGNMENTS_PAGE + 1)
        ).all()
        page = [AssignmentView(row, withdrawn_at=at) for row, at in rows[:ASSIGNMENTS_PAGE]]
        on_page = Assignment.pk.in_([view.assignment.pk for view in page])
        releases = session.scalars(current_releases(caller, courses).where(on_page)).all()
        attempts = own_submissions(caller, courses).where(on_page, Submission.attempt > _attempts_left_out())
        attempts = attempts.order_by(Submission.assignment_pk, Upload.stamp).limit(ATTEMPTS_PAGE + 1)
        submissions = session.scalars(attempts).all()
        notes = own_feedback(caller, courses).where(on_page).order_by(Feedback.assignment_pk, Feedback.pk)
        feedback = session.scalars(notes.limit(FEEDBACK_PAGE + 1)).all()
        _fill(page, releases, submissions, feedback)
        page = _whole(_whole(page, submissions, ATTEMPTS_PAGE), feedback, FEEDBACK_PAGE)
        last = page[-1].assignment.pk if len(page) < len(rows) else None
        return [view for view in page if not view.is_empty], transaction.now, last


def _whole(
    page: list[AssignmentView], rows: Sequence[Submission] | Sequence[Feedback], most: int
) -> list[AssignmentView]:
    """The assignments of which all rows are there: the first, where one more than `most` were read."""
    end = rows[most].assignment_pk if len(rows) > most else inf
    return [view for view in page if view.assignment.pk < end]


def _attempts_left_out() -> ScalarSelect[int]:
    """Up to which attempt of a student those of an assignment are too old to be listed."""
    newer = aliased(Submission)
    series = (
        newer.assignment_pk == Submission.assignment_pk,
        newer.student_pk == Submission.student_pk,
    )
    return select(func.max(newer.attempt) - ATTEMPTS).where(*series).scalar_subquery()


def _fill(
    page: Sequence[AssignmentView],
    releases: Sequence[Release],
    submissions: Sequence[Submission],
    feedback: Sequence[Feedback],
) -> None:
    """Put each row where it belongs."""
    views = {view.assignment.pk: view for view in page}
    attached, loose = attach(submissions, feedback)
    for release in releases:
        views[release.assignment_pk].release = release
    for submission in submissions:
        views[submission.assignment_pk].attempts.append(Attempt(submission, attached[submission.pk]))
    for row in loose:
        if row.upload.submission_pk is None:  # any other is about an attempt that is too old to be listed
            views[row.assignment_pk].feedback.append(row)


def attach(
    submissions: Sequence[Submission], feedback: Iterable[Feedback]
) -> tuple[dict[int, list[Feedback]], list[Feedback]]:
    """The feedback on each submission, by the submission's key, and the feedback on none of them."""
    keys = {(row.assignment_pk, row.student_pk, row.upload.stamp): row.pk for row in submissions}
    attached: dict[int, list[Feedback]] = {row.pk: [] for row in submissions}
    loose: list[Feedback] = []
    for row in feedback:
        key = keys.get((row.assignment_pk, row.student_pk, row.submitted_at))
        (loose if key is None else attached[key]).append(row)
    return attached, loose


# --- a course's submissions, for its graders and instructors ------------------------------------------------


def list_submissions(
    context: Context, query: SubmissionsQuery, after: tuple[int, ...] | None
) -> tuple[list[Attempt], bool]:
    """A page of the attempts in a course, and whether there is more.

    `after` is the `page_key` of the last attempt of the page before. Where there are rosters they say what a
    student's own identity does not: names and addresses.
    """
    check_query(query)
    statement = _narrow(course_submissions(context.caller, query.course_id), query)
    if after is not None:
        statement = statement.where(tuple_(*PAGE_ORDER) > tuple_(*after))
    with context.read() as transaction:
        rows = transaction.session.scalars(statement.order_by(*PAGE_ORDER).limit(PAGE + 1)).all()
        page, feedback = _with_feedback(transaction.session, rows[:PAGE])
        attached, _ = attach(page, feedback)
        memberships = _memberships(transaction, page)
    attempts = [Attempt(row, attached[row.pk], memberships.get(row.student_pk)) for row in page]
    return attempts, len(page) < len(rows)


def page_key(attempt: Attempt) -> tuple[int, int, int]:
    """What orders the pages."""
    return *SERIES(attempt.submission), attempt.submission.attempt


def _memberships(transaction: Transaction, page: Sequence[Submission]) -> Mapping[int, Membership]:
    """What the roster says of the students on a page of one course, by the students' keys."""
    if not (page and transaction.runtime.has_rosters):
        return {}
    course_pk = page[0].upload.assignment.course_pk
    return find_memberships(transaction.session, course_pk, {row.student_pk for row in page})


def check_query(query: SubmissionsQuery) -> None:
    for name in (query.assignment_id, query.student_id):
        if name is not None and not is_path_component(name):
            raise InvalidRequest("An assignment's or student's id in the query is not valid.")
    if query.before is not None:
        check_instant("before", query.before)


def _narrow(statement: Select[Submission], query: SubmissionsQuery) -> Select[Submission]:
    if query.assignment_id is not None:
        statement = statement.where(Assignment.assignment_id == query.assignment_id)
    if query.student_id is not None:
        statement = statement.where(Student.name == query.student_id)
    if query.before is not None:
        statement = statement.where(Upload.stamp <= query.before)
    if query.latest:
        statement = statement.where(~_newer_exists(query.before))
    return statement


def _newer_exists(before: datetime | None) -> Exists:
    """Whether the same student has a later attempt, among those up to `before`.

    A look into the index of stamps, which has submissions alone: so their kind stands in the statement as it is.
    """
    other, newer = aliased(Submission), aliased(Upload)
    later = (
        select(newer.pk)
        .join(other, other.pk == newer.pk)
        .where(
            newer.kind == literal_column("'submission'"),
            newer.assignment_pk == Upload.assignment_pk,
            newer.student_pk == Upload.student_pk,
            newer.stamp > Upload.stamp,
            ~other.hidden_from_course,
        )
    )
    if before is not None:
        later = later.where(newer.stamp <= before)
    return later.exists()


def _with_feedback(
    session: Session, page: Sequence[Submission]
) -> tuple[Sequence[Submission], Sequence[Feedback]]:
    """The attempts of a page with their feedback: of the first students, where there is too much of it."""
    rows = session.scalars(
        select(Feedback)
        .join(Feedback.upload)
        .where(
            Feedback.is_current,
            Upload.submission_pk.in_([row.pk for row in page]),
            # What follows from the line above, for the sake of the indexes: uploads are many.
            Feedback.assignment_pk.in_({row.assignment_pk for row in page}),
            Feedback.student_pk.in_({row.student_pk for row in page}),
        )
        .options(contains_eager(Feedback.upload))
        .order_by(Feedback.assignment_pk, Feedback.student_pk, Feedback.pk)
        .limit(FEEDBACK_PAGE + 1)
    ).all()
    if len(rows) > FEEDBACK_PAGE:
        page = [row for row in page if SERIES(row) < SERIES(rows[FEEDBACK_PAGE])]
    return page, rows
