"""The statement that reads a page of a course's submissions: by the index of its order, whatever is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    ScalarSelect,
    Subquery,
    and_,
    bindparam,
    case,
    false,
    func,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.orm import aliased

from nbexchange.api.access.visibility import IN_COURSE_LIST
from nbexchange.api.db.columns import Statement, as_indexed, constant, json_text, uuid_text
from nbexchange.api.db.models import Feedback, Membership, Person, Submission, Upload
from nbexchange.api.db.prepared import Prepared
from nbexchange.protocol import CONTACT

PAGE_ORDER = (Submission.assignment_pk, Submission.student_pk, Submission.attempt)
"""That of an index: a page reads nothing that comes before or after it."""


@dataclass(frozen=True)
class Shape:
    """What a page's statement is made for."""

    most: int
    """How many attempts are read, and in how many rows."""
    rows: int
    assignments: int
    is_first: bool
    of_student: bool
    latest: bool
    before: bool
    has_rosters: bool


@cache
def page_statement(shape: Shape) -> Prepared:
    """The page's attempts by their keys alone, then what belongs to them: a row for each feedback, or one for none."""
    keys = _keys(shape)
    student, sent = aliased(Person), aliased(Upload)
    contact: list[Any] = [getattr(student, name) for name in CONTACT]
    source = keys.join(Upload, Upload.pk == keys.c.pk).join(student, student.pk == keys.c.student_pk)
    if shape.has_rosters:
        is_member = and_(
            Membership.course_pk == bindparam("course_pk"), Membership.person_pk == keys.c.student_pk
        )
        source = source.outerjoin(Membership, is_member)
        contact = [func.coalesce(getattr(student, name), getattr(Membership, name)) for name in CONTACT]
    about = and_(
        Feedback.assignment_pk == keys.c.assignment_pk,
        Feedback.student_pk == keys.c.student_pk,
        Feedback.submitted_at == Upload.stamp,
        as_indexed(Feedback.is_current),
    )
    order = [keys.c[column.key] for column in PAGE_ORDER]
    return Prepared(
        select(
            *order,
            uuid_text(Upload.uuid),
            student.name,
            Upload.stamp,
            Upload.completed_at,
            Upload.size,
            Upload.sha256,
            Upload.unpacked_size,
            json_text(Upload.notebooks),
            case((Upload.actor_pk != Upload.student_pk, _actor_name())),
            Upload.by_instructor,
            Upload.tree_sha256,
            *contact,
            uuid_text(sent.uuid).label("feedback_id"),
            Feedback.notebook_id,
            sent.completed_at,
            sent.size,
            sent.sha256,
        )
        .select_from(source.outerjoin(Feedback, about).outerjoin(sent, sent.pk == Feedback.pk))
        .order_by(*order, Feedback.pk)
        .limit(constant(shape.rows))
    )


def _actor_name() -> ScalarSelect[str]:
    """Looked up where somebody else submitted, which is rare."""
    return select(Person.name).where(Person.pk == Upload.actor_pk).correlate(Upload).scalar_subquery()


def _keys(shape: Shape) -> Subquery:
    """The keys of the page, the assignments one after the other."""
    branches = [_branch(shape, number) for number in range(shape.assignments)]
    if len(branches) == 1:
        return branches[0].subquery("page")
    union = union_all(*(select(branch.subquery()) for branch in branches)).subquery()
    order = [union.c[column.key] for column in PAGE_ORDER]
    return select(union).order_by(*order).limit(constant(shape.most)).subquery("page")


def _branch(shape: Shape, number: int) -> Statement:
    # A range of one: to PostgreSQL, what is ordered by a column that equals something is not ordered by it.
    assignment: BindParameter[int] = bindparam(f"assignment_{number}")
    branch = (
        select(Submission.pk, *PAGE_ORDER)
        .where(Submission.assignment_pk.between(assignment, assignment), IN_COURSE_LIST)
        .where(*_filters(shape))
    )
    if number == 0 and not shape.is_first:
        last: list[BindParameter[int]] = [bindparam(f"last_{column.key}") for column in PAGE_ORDER]
        branch = branch.where(tuple_(*PAGE_ORDER) > tuple_(*last))
    return branch.order_by(*PAGE_ORDER).limit(constant(shape.most))


def _filters(shape: Shape) -> Iterator[ColumnElement[bool]]:
    if shape.of_student:
        yield Submission.student_pk == bindparam("student_pk")
    if shape.latest:
        # In these words PostgreSQL expects many to be the newest, and not one in a thousand, for which it plans badly.
        yield case((Submission.pk == _newest(shape), true()), else_=false())
    elif shape.before:
        stamp = select(Upload.stamp).where(Upload.pk == Submission.pk).scalar_subquery()
        yield stamp <= bindparam("before", type_=Upload.stamp.type)


def _newest(shape: Shape) -> ScalarSelect[int]:
    """The newest attempt of the same student, of those that are listed: a look into the index of stamps."""
    other = aliased(Submission)
    newest = select(Upload.pk).join(other, other.pk == Upload.pk)
    newest = newest.where(
        Upload.kind == constant("submission"),  # as the index has it
        Upload.assignment_pk == Submission.assignment_pk,
        Upload.student_pk == Submission.student_pk,
        ~other.hidden_from_course,
    )
    if shape.before:
        newest = newest.where(Upload.stamp <= bindparam("before"))
    return newest.order_by(Upload.stamp.desc()).limit(1).correlate(Submission).scalar_subquery()
