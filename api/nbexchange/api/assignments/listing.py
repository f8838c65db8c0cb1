"""What `nbgrader list` and collect ask for: each answer with a constant number of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Exists, Select, select, tuple_
from sqlalchemy.orm import Session, aliased, contains_eager

from nbexchange import protocol
from nbexchange.api.access.identity import Identity
from nbexchange.api.db.engine import clock
from nbexchange.api.db.instants import check_instant
from nbexchange.api.db.models import (
    Assignment,
    Course,
    Feedback,
    Membership,
    Organisation,
    Person,
    Release,
    Submission,
    Upload,
)
from nbexchange.api.problems import InvalidRequest
from nbexchange.api.rosters.read import find_memberships
from nbexchange.api.wire.cursors import decode_cursor, encode_cursor
from nbexchange.api.wire.records import Contact, contact_of, feedback_entry, release_record, submission_record
from nbexchange.protocol import is_path_component

PAGE = 500

Row = TypeVar("Row", Release, Submission, Feedback)
Student = aliased(Person)


def visible(model: type[Row], identity: Identity, courses: Collection[str]) -> Select[Row]:
    """The rows of these courses of the caller's organisation, with all that their records are made of."""
    upload = contains_eager(model.upload)
    return (
        select(model)
        .join(Upload, model.pk == Upload.pk)
        .join(Assignment, Upload.assignment_pk == Assignment.pk)
        .join(Course, Assignment.course_pk == Course.pk)
        .join(Organisation, Course.org_pk == Organisation.pk)
        .join(Person, Upload.actor_pk == Person.pk)
        .outerjoin(Student, Upload.student_pk == Student.pk)
        .where(Organisation.org_id == identity.org_id, Course.course_id.in_(courses))
        .options(
            upload.contains_eager(Upload.assignment).contains_eager(Assignment.course),
            upload.contains_eager(Upload.actor),
            upload.contains_eager(Upload.student.of_type(Student)),
        )
    )


def list_assignments(session: Session, identity: Identity, course_id: str | None) -> protocol.Assignments:
    """What the caller sees of their courses, or of one: releases, own attempts, own feedback."""
    if course_id is not None:
        identity.require_member(course_id)
    courses = identity.courses if course_id is None else [course_id]
    own = Student.name == identity.name
    releases = session.scalars(visible(Release, identity, courses).where(Release.is_current)).all()
    submissions = session.scalars(
        visible(Submission, identity, courses).where(own).order_by(Upload.stamp)
    ).all()
    feedback = session.scalars(
        visible(Feedback, identity, courses).where(own, Feedback.is_current).order_by(Feedback.pk)
    ).all()
    entries = _entries(releases, submissions, feedback)
    return protocol.Assignments(entries, clock(session))


def _entries(
    releases: Sequence[Release], submissions: Sequence[Submission], feedback: Sequence[Feedback]
) -> list[protocol.Assignment]:
    # What is hidden takes its feedback with it.
    attached, loose = _attach(submissions, feedback)
    shown = [row for row in submissions if not row.hidden_from_owner]
    rows: list[Release | Submission | Feedback] = [*releases, *shown, *loose]
    assignments = {row.assignment_pk: row.upload.assignment for row in rows}
    release = {row.assignment_pk: release_record(row) for row in releases}
    attempts: dict[int, list[protocol.SubmissionRecord]] = defaultdict(list)
    for row in shown:
        attempts[row.assignment_pk].append(submission_record(row, attached[row.pk]))
    entries = [
        protocol.Assignment(
            course_id=assignment.course.course_id,
            assignment_id=assignment.assignment_id,
            release=release.get(pk),
            submissions=attempts[pk],
            feedback=[feedback_entry(row) for row in loose if row.assignment_pk == pk],
        )
        for pk, assignment in assignments.items()
    ]
    return sorted(entries, key=lambda entry: (entry.course_id, entry.assignment_id))


def _attach(
    submissions: Sequence[Submission], feedback: Iterable[Feedback]
) -> tuple[dict[int, list[Feedback]], list[Feedback]]:
    """The feedback on each submission, by the submission's key, and the feedback on none of them."""
    keys = {(row.assignment_pk, row.student_pk, row.upload.stamp): row.pk for row in submissions}
    attached: dict[int, list[Feedback]] = {row.pk: [] for row in submissions}
    loose = []
    for row in feedback:
        key = keys.get((row.assignment_pk, row.student_pk, row.submitted_at))
        if key is None:
            loose.append(row)
        else:
            attached[key].append(row)
    return attached, loose


# --- an instructor's view of submissions -------------------------------------------------------------------


def list_submissions(
    session: Session, identity: Identity, query: protocol.SubmissionsQuery, *, has_rosters: bool
) -> protocol.Submissions:
    """The attempts in a course as its graders and instructors see them, page by page.

    Where there are rosters they say what a student's own identity does not: names and addresses.
    """
    identity.require("grader", query.course_id)
    check_query(query)
    order = (Submission.assignment_pk, Submission.student_pk, Submission.attempt)
    wanted = _narrow(
        visible(Submission, identity, [query.course_id]).where(~Submission.hidden_from_course), query
    )
    if query.cursor is not None:
        wanted = wanted.where(tuple_(*order) > tuple_(*decode_cursor(query.cursor, len(order))))
    rows = session.scalars(wanted.order_by(*order).limit(PAGE + 1)).all()
    page = rows[:PAGE]
    attached, contacts = _feedback_on(session, page), _contacts(session, page, has_rosters=has_rosters)
    return protocol.Submissions(
        [submission_record(row, attached[row.pk], contacts[row.student_pk]) for row in page],
        _cursor_after(page[-1]) if len(rows) > PAGE else None,
    )


def _contacts(session: Session, page: Sequence[Submission], *, has_rosters: bool) -> Mapping[int, Contact]:
    """Names and addresses of the students on a page of one course, by the students' keys."""
    students = {row.student_pk: row.upload.student for row in page}
    enrolled: Mapping[int, Membership] = {}
    if page and has_rosters:
        enrolled = find_memberships(session, page[0].upload.assignment.course_pk, students)
    return {pk: contact_of(student, enrolled.get(pk)) for pk, student in students.items() if student}


def _cursor_after(row: Submission) -> str:
    return encode_cursor(row.assignment_pk, row.student_pk, row.attempt)


def check_query(query: protocol.SubmissionsQuery) -> None:
    for name in (query.assignment_id, query.student_id):
        if name is not None and not is_path_component(name):
            raise InvalidRequest("An assignment's or student's id in the query is not valid.")
    if query.before is not None:
        check_instant("before", query.before)


def _narrow(wanted: Select[Submission], query: protocol.SubmissionsQuery) -> Select[Submission]:
    if query.assignment_id is not None:
        wanted = wanted.where(Assignment.assignment_id == query.assignment_id)
    if query.student_id is not None:
        wanted = wanted.where(Student.name == query.student_id)
    if query.before is not None:
        wanted = wanted.where(Upload.stamp <= query.before)
    if query.latest:
        wanted = wanted.where(~_newer_exists(query.before))
    return wanted


def _newer_exists(before: datetime | None) -> Exists:
    """Whether the same student has a later attempt, among those up to `before`."""
    other, other_upload = aliased(Submission), aliased(Upload)
    later = (
        select(other.pk)
        .join(other_upload, other_upload.pk == other.pk)
        .where(
            other.assignment_pk == Submission.assignment_pk,
            other.student_pk == Submission.student_pk,
            ~other.hidden_from_course,
            other_upload.stamp > Upload.stamp,
        )
    )
    if before is not None:
        later = later.where(other_upload.stamp <= before)
    return later.exists()


def _feedback_on(session: Session, page: Sequence[Submission]) -> dict[int, list[Feedback]]:
    if not page:
        return {}
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
        .order_by(Feedback.pk)
    )
    return _attach(page, rows)[0]
