"""The rosters of courses: each person's role in a course, where an installation lets its database say so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from nbexchange.api.access.identity import CourseRole, Identity, merge_roles
from nbexchange.api.db.columns import Cells
from nbexchange.api.db.find_or_create import in_organisation
from nbexchange.api.db.models import Course, Membership, Organisation, Person
from nbexchange.api.problems import NoRoster, NotFound
from nbexchange.api.runtime import Context
from nbexchange.protocol import RoleName, is_id


def add_roles(session: Session, caller: Identity) -> Identity:
    """The caller with the roles that rosters give them, beside those that they came with."""
    rows = session.execute(
        select(Course.course_id, Course.title, Membership.role)
        .join(Course, Membership.course_pk == Course.pk)
        .join(Person, Membership.person_pk == Person.pk)
        .join(Organisation, Person.org_pk == Organisation.pk)
        .where(in_organisation(caller.org_id), Person.name == caller.name)
    )
    roles = [(course_id, CourseRole(role, title)) for course_id, title, role in rows if is_id(course_id)]  # type: ignore[arg-type]  # by its constraint
    return replace(caller, courses=merge_roles([*caller.courses.items(), *roles]))


PAGE = 2000
"""How many people are on a page of a roster, at the most."""

Members = Mapping[str, Membership]
"""A roster by name, in the order of the names."""


def list_roster(context: Context, course_id: str) -> Members:
    """Everybody on the roster; nobody where the course has no row yet, which the administrator is told."""
    require_rosters(context)
    with context.read() as transaction:
        rows = transaction.session.execute(
            select(Person.name, Membership)
            .select_from(Course)
            .join(Organisation, Course.org_pk == Organisation.pk)
            .outerjoin(Membership, Membership.course_pk == Course.pk)
            .outerjoin(Person, Membership.person_pk == Person.pk)
            .where(in_organisation(context.caller.org_id), Course.course_id == course_id)
        ).all()
    if not rows and context.caller.is_administrator:
        raise no_course(context.caller.org_id, course_id)
    return _by_name((name, membership) for name, membership in rows if membership)


_PAGE = (
    select(
        Membership.pk,
        Person.name,
        Membership.role,
        Membership.full_name,
        Membership.email,
        Membership.lms_user_id,
    )
    .join(Person, Membership.person_pk == Person.pk)
    .where(
        Membership.course_pk
        == select(Course.pk)
        .join(Organisation, Course.org_pk == Organisation.pk)
        .where(Organisation.org_id == bindparam("org_id"), Course.course_id == bindparam("course_id"))
        .scalar_subquery(),
        Membership.pk > bindparam("after"),
    )
    .order_by(Membership.pk)
    .limit(bindparam("limit"))
)


def list_roster_page(context: Context, course_id: str, after: int | None) -> tuple[list[Cells], bool]:
    """A page of a roster as keys, names, roles and personal fields, and whether there is more.

    `after` is the key of the last row of the page before.
    """
    require_rosters(context)
    asked = {"org_id": context.caller.org_id, "course_id": course_id}
    with context.read() as transaction:
        rows = transaction.connection.execute(_PAGE, {**asked, "after": after or 0, "limit": PAGE + 1}).all()
    return list(rows[:PAGE]), len(rows) > PAGE


def require_rosters(context: Context) -> None:
    """Raise `NoRoster` where the database gives no roles; the administrator may prepare rosters all the same."""
    if not (context.runtime.has_rosters or context.caller.is_administrator):
        raise NoRoster(
            "This exchange keeps no rosters: the members of each course come from elsewhere, such as a hub's groups."
        )


def find_members(session: Session, course_pk: int) -> Members:
    rows = session.execute(
        select(Person.name, Membership)
        .join(Person, Membership.person_pk == Person.pk)
        .where(Membership.course_pk == course_pk)
    )
    return _by_name((name, membership) for name, membership in rows)


def _by_name(rows: Iterable[tuple[str, Membership]]) -> Members:
    return dict(sorted(rows))


def no_course(org_id: str, course_id: str) -> NotFound:
    return NotFound(f"There is no course {course_id!r} in organisation {org_id!r}.")


# --- all courses, for the administrator ---------------------------------------------------------------------


@dataclass(frozen=True)
class CourseSummary:
    org_id: str
    course_id: str
    title: str | None
    members: Mapping[RoleName, int]
    """How many people of each role are on the roster."""


def list_courses(session: Session) -> list[CourseSummary]:
    """Every course of every organisation."""
    rows = session.execute(
        select(
            Organisation.org_id, Course.course_id, Course.title, Membership.role, func.count(Membership.pk)
        )
        .join(Course, Course.org_pk == Organisation.pk)
        .outerjoin(Membership, Membership.course_pk == Course.pk)
        .group_by(Organisation.org_id, Course.course_id, Course.title, Membership.role)
        .order_by(Organisation.org_id, Course.course_id)
    )
    members: dict[tuple[str, str, str | None], dict[RoleName, int]] = {}
    for org_id, course_id, title, role, number in rows:
        members.setdefault((org_id, course_id, title), {})[role] = number  # type: ignore[index]  # by its constraint
    return [
        CourseSummary(*course, numbers) for course, numbers in sorted(members.items(), key=lambda i: i[0][:2])
    ]
