"""Which rows a caller may see: one query for each kind, for lists and downloads alike.

A course that is not among the caller's is in none of them, and neither is another organisation's.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased, contains_eager

from nbexchange.api.access.identity import Identity
from nbexchange.api.access.permissions import courses_seen_whole, is_instructor, sees_everybody
from nbexchange.api.db.events import EVENTS
from nbexchange.api.db.find_or_create import in_organisation
from nbexchange.api.db.models import (
    Action,
    Assignment,
    Course,
    Feedback,
    Organisation,
    Person,
    Release,
    Submission,
    Upload,
)

Row = TypeVar("Row", Release, Submission, Feedback)
Student = aliased(Person)


def _rows(model: type[Row], caller: Identity, courses: Collection[str]) -> Select[Row]:
    """The rows of these courses of the caller's, each with its upload, assignment, course and people."""
    upload = contains_eager(model.upload)
    own_courses = [course_id for course_id in courses if course_id in caller.courses]
    return (
        select(model)
        .join(Upload, model.pk == Upload.pk)
        .join(Assignment, Upload.assignment_pk == Assignment.pk)
        .join(Course, Assignment.course_pk == Course.pk)
        .join(Organisation, Course.org_pk == Organisation.pk)
        .join(Person, Upload.actor_pk == Person.pk)
        .outerjoin(Student, Upload.student_pk == Student.pk)
        .where(in_organisation(caller.org_id), Course.course_id.in_(own_courses))
        .options(
            upload.contains_eager(Upload.assignment).contains_eager(Assignment.course),
            upload.contains_eager(Upload.actor),
            upload.contains_eager(Upload.student.of_type(Student)),
        )
    )


def _is_own(caller: Identity) -> ColumnElement[bool]:
    return Student.name == caller.name


def _sees_everybody(caller: Identity) -> ColumnElement[bool]:
    return Course.course_id.in_(courses_seen_whole(caller))


# --- assignments and releases -------------------------------------------------------------------------------


def assignments_after(caller: Identity, courses: Collection[str], after: int) -> Select[Assignment, datetime]:
    """The assignments of these courses of the caller's whose keys follow this one, in their order.

    Each with when it was withdrawn, or None unless it was unreleased and not released again.
    """
    statement = _with_courses(caller, courses, _withdrawn_at())
    return statement.where(Assignment.pk > after).order_by(Assignment.pk)


def current_releases(caller: Identity, courses: Collection[str]) -> Select[Release]:
    return _rows(Release, caller, courses).where(Release.is_current)


def visible_releases(caller: Identity) -> Select[Release]:
    """The current release; for graders and instructors every version."""
    return _rows(Release, caller, caller.courses).where(or_(Release.is_current, _sees_everybody(caller)))


def withdrawn_assignments(caller: Identity, courses: Collection[str]) -> Select[Assignment, datetime]:
    """The assignments of these courses that were unreleased and not released again, each with the last time of that."""
    withdrawn_at = _withdrawn_at()
    return _with_courses(caller, courses, withdrawn_at).where(withdrawn_at.is_not(None))


def _with_courses(
    caller: Identity, courses: Collection[str], withdrawn_at: ScalarSelect[datetime]
) -> Select[Assignment, datetime]:
    own_courses = [course_id for course_id in courses if course_id in caller.courses]
    return (
        select(Assignment, withdrawn_at)
        .join(Course, Assignment.course_pk == Course.pk)
        .join(Organisation, Course.org_pk == Organisation.pk)
        .where(in_organisation(caller.org_id), Course.course_id.in_(own_courses))
        .options(contains_eager(Assignment.course))
    )


def _withdrawn_at() -> ScalarSelect[datetime]:
    release, current = aliased(Release), aliased(Release)
    is_released = select(current.pk).where(current.assignment_pk == release.assignment_pk, current.is_current)
    return (
        select(func.max(Action.at))
        .join(release, Action.upload_pk == release.pk)
        .where(release.assignment_pk == Assignment.pk, Action.verb == "unreleased", ~is_released.exists())
        .correlate(Assignment)
        .scalar_subquery()
    )


# --- submissions --------------------------------------------------------------------------------------------


def own_submissions(caller: Identity, courses: Collection[str]) -> Select[Submission]:
    """The caller's own attempts, except those that they removed from their list."""
    return _rows(Submission, caller, courses).where(_is_own(caller), ~Submission.hidden_from_owner)


def course_submissions(caller: Identity, course_id: str) -> Select[Submission]:
    """Every attempt in a course whose grader or instructor calls, except those that were removed from it."""
    courses = [course_id] if sees_everybody(caller, course_id) else []
    return _rows(Submission, caller, courses).where(~Submission.hidden_from_course)


def visible_submissions(caller: Identity) -> Select[Submission]:
    """What is in one of the lists that the caller may ask for."""
    of_course = and_(_sees_everybody(caller), ~Submission.hidden_from_course)
    own = and_(_is_own(caller), ~Submission.hidden_from_owner)
    return _rows(Submission, caller, caller.courses).where(or_(of_course, own))


def removable_submissions(caller: Identity) -> Select[Submission]:
    """What the caller may remove from some list, removed already or not."""
    taught = [course_id for course_id in caller.courses if is_instructor(caller, course_id)]
    of_course = Course.course_id.in_(taught)
    return _rows(Submission, caller, caller.courses).where(or_(of_course, _is_own(caller)))


def removal_flag(
    caller: Identity, submission: Submission, *, own: bool
) -> InstrumentedAttribute[bool] | None:
    """Which flag the removal of such a submission sets; None where it is in no list that is meant.

    An instructor removes from the course's list, unless their `own` is meant; everybody else from their own.
    """
    upload = submission.upload
    if not own and is_instructor(caller, upload.assignment.course.course_id):
        return Submission.hidden_from_course
    is_owner = upload.student is not None and upload.student.name == caller.name
    return Submission.hidden_from_owner if is_owner else None


# --- feedback -----------------------------------------------------------------------------------------------


def own_feedback(caller: Identity, courses: Collection[str]) -> Select[Feedback]:
    """The caller's own current feedback. A removed attempt takes its feedback with it."""
    return _rows(Feedback, caller, courses).where(_is_own_current_feedback(caller))


def visible_feedback(caller: Identity) -> Select[Feedback]:
    """The caller's own current feedback; for graders and instructors all of the course's."""
    either = or_(_is_own_current_feedback(caller), _sees_everybody(caller))
    return _rows(Feedback, caller, caller.courses).where(either)


def _is_own_current_feedback(caller: Identity) -> ColumnElement[bool]:
    attempt = aliased(Upload)
    removed = (
        select(Submission.pk)
        .join(attempt, Submission.pk == attempt.pk)
        .where(
            Submission.hidden_from_owner,
            attempt.kind == "submission",
            attempt.assignment_pk == Feedback.assignment_pk,
            attempt.student_pk == Feedback.student_pk,
            attempt.stamp == Feedback.submitted_at,
        )
    )
    return and_(_is_own(caller), Feedback.is_current, ~removed.exists())


# --- uploads and the audit log ------------------------------------------------------------------------------


def own_uploads(caller: Identity) -> Select[Upload]:
    """The uploads that this caller began."""
    return (
        select(Upload)
        .join(Person, Upload.actor_pk == Person.pk)
        .join(Organisation, Person.org_pk == Organisation.pk)
        .where(Person.name == caller.name, in_organisation(caller.org_id))
    )


def visible_actions(caller: Identity) -> Select[Action]:
    """The log of the caller's courses: what they did, what concerns every member, and as a grader everything."""
    for_members = Action.verb.in_([verb for verb, event in EVENTS.items() if event.seen_by_members])
    return (
        select(Action)
        .join(Organisation, Action.org_pk == Organisation.pk)
        .where(
            in_organisation(caller.org_id),
            Action.course_id.in_(caller.courses),
            or_(names_people(caller), for_members),
        )
    )


def names_people(caller: Identity) -> ColumnElement[bool]:
    """Of which entries the caller learns who did it, and for whom."""
    return or_(Action.course_id.in_(courses_seen_whole(caller)), Action.actor == caller.name)


def learns_details(caller: Identity, action: Action) -> bool:
    """The same of one entry; and of which the caller learns what it was about, by id, size and digest.

    Of an earlier version, or of what was withdrawn, nobody needs them who may not fetch it.
    """
    return sees_everybody(caller, action.course_id) or action.actor == caller.name
