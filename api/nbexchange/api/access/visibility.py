"""Which rows a caller may see: one rule for each kind, for lists and downloads alike.

A course that is not among the caller's is in none of them, and neither is another organisation's. The rules are
expressions of prepared statements; `parameters` gives what they need to know of the caller.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from nbexchange.api.access.identity import Identity
from nbexchange.api.access.permissions import courses_seen_whole, is_instructor
from nbexchange.api.db.columns import Cells, Statement, as_indexed, constant
from nbexchange.api.db.in_list import in_list
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

# --- the caller ---------------------------------------------------------------------------------------------

ORGANISATION = select(Organisation.pk).where(Organisation.org_id == bindparam("org_id")).scalar_subquery()
"""The key of the caller's organisation."""

CALLER = (
    select(Person.pk)
    .where(Person.org_pk == ORGANISATION, Person.name == bindparam("caller"))
    .scalar_subquery()
)
"""The key of the caller's row, if there is one."""

IN_COURSES = and_(Course.org_pk == ORGANISATION, in_list(Course.course_id, "courses"))
"""Whether a course is among those that are asked for, and the caller's."""

_SEES_EVERYBODY = in_list(Course.course_id, "seen_whole")

COURSE_SEEN_WHOLE = and_(Course.org_pk == ORGANISATION, _SEES_EVERYBODY)
"""Whether the caller sees the work of all students of a course."""

_IS_TAUGHT = in_list(Course.course_id, "taught")
_IS_OWN = Upload.student_pk == CALLER


def parameters(caller: Identity, courses: Collection[str] | None = None) -> dict[str, Any]:
    """What the rules are told: the caller, and of these courses, or all, those that are the caller's."""
    asked = caller.courses if courses is None else courses
    return {
        "org_id": caller.org_id,
        "caller": caller.name,
        "courses": [course_id for course_id in asked if course_id in caller.courses],
        "seen_whole": courses_seen_whole(caller),
        "taught": [course_id for course_id in caller.courses if is_instructor(caller, course_id)],
    }


# --- assignments and releases -------------------------------------------------------------------------------

_version = aliased(Release)

WITHDRAWN_AT = (
    select(func.max(Action.at))
    .join(_version, Action.upload_pk == _version.pk)
    .where(_version.assignment_pk == Assignment.pk, Action.verb == "unreleased")
    .correlate(Assignment)
    .scalar_subquery()
)
"""When the assignment was last unreleased; it is withdrawn unless a release is current."""

HAS_RELEASE = and_(Release.assignment_pk == Assignment.pk, as_indexed(Release.is_current))


IS_WITHDRAWN = and_(
    WITHDRAWN_AT.is_not(None), ~select(Release.pk).where(HAS_RELEASE).correlate(Assignment).exists()
)


def withdrawn_objects() -> Statement:
    """The ids of releases of withdrawn assignments, with course, assignment and when; for `parameters`."""
    return (
        select(Upload.uuid, Course.course_id, Assignment.assignment_id, WITHDRAWN_AT)
        .join(_version, _version.pk == Upload.pk)
        .join(Assignment, Upload.assignment_pk == Assignment.pk)
        .join(Course, Assignment.course_pk == Course.pk)
        .where(IN_COURSES, IS_WITHDRAWN)
    )


# --- submissions --------------------------------------------------------------------------------------------

IN_OWN_LIST = ~Submission.hidden_from_owner
"""Of the caller's own attempts, those that they did not remove from their list."""

IN_COURSE_LIST = ~Submission.hidden_from_course
"""Of the attempts in a course that the caller sees whole, those that were not removed from it."""


def removable_submissions(*columns: Any) -> Statement:
    """These columns of what the caller may remove from some list, removed already or not; and whether it is theirs."""
    return _objects(Submission, or_(_IS_TAUGHT, _IS_OWN), *columns, _IS_OWN.label("is_own"))


def removal_flag(caller: Identity, row: Cells, *, own: bool) -> InstrumentedAttribute[bool] | None:
    """Which flag the removal of such a submission sets; None where it is in no list that is meant.

    An instructor removes from the course's list, unless their `own` is meant; everybody else from their own.
    """
    if not own and is_instructor(caller, row.course_id):
        return Submission.hidden_from_course
    return Submission.hidden_from_owner if row.is_own else None


# --- feedback -----------------------------------------------------------------------------------------------

_attempt, _removed = aliased(Upload), aliased(Submission)

IS_CURRENT_FEEDBACK = and_(
    as_indexed(Feedback.is_current),
    ~select(_removed.pk)
    .join(_attempt, _removed.pk == _attempt.pk)
    .where(
        _removed.hidden_from_owner,
        _attempt.kind == constant("submission"),  # as the index of stamps has it
        _attempt.assignment_pk == Feedback.assignment_pk,
        _attempt.student_pk == Feedback.student_pk,
        _attempt.stamp == Feedback.submitted_at,
    )
    .exists(),
)
"""Of the caller's own feedback, what they see. A removed attempt takes its feedback with it."""


# --- what may be downloaded ---------------------------------------------------------------------------------

IS_VISIBLE: Mapping[str, tuple[Any, ColumnElement[bool]]] = {
    "release": (Release, or_(Release.is_current, _SEES_EVERYBODY)),
    "submission": (
        Submission,
        or_(and_(_SEES_EVERYBODY, IN_COURSE_LIST), and_(_IS_OWN, IN_OWN_LIST)),
    ),
    "feedback": (Feedback, or_(and_(_IS_OWN, IS_CURRENT_FEEDBACK), _SEES_EVERYBODY)),
}
"""By kind: the current release, and what is in one of the lists that the caller may ask for.

Graders and instructors see every version, and all of the course's feedback.
"""


def visible_objects(kind: str, *columns: Any) -> Statement:
    """These columns of what the caller may see of this kind."""
    return _objects(*IS_VISIBLE[kind], *columns)


def _objects(model: Any, rule: ColumnElement[bool], *columns: Any) -> Statement:
    """Of uploads that became such rows, joined to assignment and course."""
    return (
        select(*columns)
        .select_from(Upload)
        .join(model, model.pk == Upload.pk)
        .join(Assignment, Upload.assignment_pk == Assignment.pk)
        .join(Course, Assignment.course_pk == Course.pk)
        .where(IN_COURSES, rule)
    )
