"""Who may do what: the only place that asks for somebody's role.

A route declares its `Requirement`; the rules for single items are the predicates below. What the caller may not know
of raises `NotFound`, what they may see but not do raises `RoleRequired`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nbexchange.api.access.identity import ROLES, CourseRole, Identity
from nbexchange.api.problems import AdministratorRequired, NotFound, RoleRequired
from nbexchange.protocol import InitiateUploads, Kind, RoleName

UPLOAD_ROLES: Mapping[str, RoleName] = {
    "release": "instructor",
    "submission": "student",
    "feedback": "grader",
}
"""The weakest role that may upload this kind."""


# --- what a whole request requires --------------------------------------------------------------------------


@dataclass(frozen=True)
class Requirement:
    """What a caller needs for a request as a whole. `who` is what the documents say; `check` raises."""

    who: str
    check: Callable[[Identity, Any], None] = lambda caller, request: None
    needs_identity: bool = True


def _has(role: RoleName) -> Callable[[Identity, Any], None]:
    return lambda caller, request: require_role(caller, role, request.course_id)


def _is_member_if_named(caller: Identity, request: Any) -> None:
    if request.course_id is not None:
        require_member(caller, request.course_id)


def _has_role_for_kind(caller: Identity, batch: InitiateUploads) -> None:
    require_role(caller, UPLOAD_ROLES[batch.kind], batch.course_id)


ANYBODY = Requirement("Anybody, also without a token.", needs_identity=False)
CALLER = Requirement("Every caller that is known, for what is their own.")
MEMBER = Requirement("Members of the course; where none is named, of their own courses.", _is_member_if_named)
GRADER = Requirement("Graders and instructors of the course.", _has("grader"))
INSTRUCTOR = Requirement("Instructors of the course.", _has("instructor"))
UPLOADER = Requirement(
    "Releases: instructors of the course. Feedback: its graders and instructors. Submissions: its members.",
    _has_role_for_kind,
)
UPLOAD_OWNER = Requirement("The person who began the upload.")
COMPLETING_OWNER = Requirement(
    "The person who began the upload; for a release or feedback, while they have the role that it needs."
)
REMOVER = Requirement("Instructors of the course: every attempt. Students: their own, from their own list.")
COLLECTING = Requirement("Graders and instructors of the course, for its attempts.")
DOWNLOADER = Requirement(
    "Graders and instructors: the objects of the course. Students: the current release, their own attempts and their "
    "own current feedback. An attempt that was removed from the caller's list is not among them."
)
LOG_READER = Requirement(
    "Graders and instructors: the log of the course. Students: the releases, and what they did themselves.",
    _is_member_if_named,
)
ROSTER_EDITOR = Requirement(
    "Instructors of the course, for its graders and students; only the administrator of the exchange changes an "
    "instructor.",
    _has("instructor"),
)


def require_member(caller: Identity, course_id: str) -> CourseRole:
    """The caller's role in the course; a course they are not in is one they may not know of."""
    if course_id not in caller.courses:
        raise NotFound(f"You have no course {course_id!r} here.")
    return caller.courses[course_id]


def require_role(caller: Identity, role: RoleName, course_id: str) -> None:
    """Raise unless the caller has this role, or a stronger one, in the course."""
    require_member(caller, course_id)
    if not _has_role(caller, role, course_id):
        raise _role_required(role, course_id)


def _has_role(caller: Identity, role: RoleName, course_id: str) -> bool:
    entry = caller.courses.get(course_id)
    return entry is not None and ROLES.index(entry.role) >= ROLES.index(role)


def _role_required(role: RoleName, course_id: str) -> RoleRequired:
    needed = {"grader": "a grader or an instructor"}.get(role, f"an {role}")
    return RoleRequired(f"Only {needed} of {course_id} may do this.")


# --- single items -------------------------------------------------------------------------------------------


def is_instructor(caller: Identity, course_id: str) -> bool:
    return _has_role(caller, "instructor", course_id)


def sees_everybody(caller: Identity, course_id: str) -> bool:
    """Whether the caller sees the work of all students of the course, and who did what in it."""
    return _has_role(caller, "grader", course_id)


def courses_seen_whole(caller: Identity) -> list[str]:
    """The courses in which the caller sees everybody."""
    return [course_id for course_id in caller.courses if sees_everybody(caller, course_id)]


def may_act_for_students(caller: Identity, course_id: str) -> bool:
    """Whether the caller may create assignments of the course and submit for its students."""
    return is_instructor(caller, course_id)


def may_name_students(caller: Identity, kind: Kind, course_id: str) -> bool:
    """Whether an upload of this kind may be for somebody else: naming a person makes a row for them."""
    return kind == "feedback" or may_act_for_students(caller, course_id)


def proxy_objection(caller: Identity, course_id: str) -> RoleRequired | None:
    """Why the caller may not submit for another student; None when they may."""
    if may_act_for_students(caller, course_id):
        return None
    return RoleRequired("Only an instructor of the course may submit for somebody else.")


def loose_feedback_objection(caller: Identity, course_id: str) -> RoleRequired | None:
    """Why the caller may not give feedback on no submission of this exchange; None when they may."""
    return None if is_instructor(caller, course_id) else _role_required("instructor", course_id)


def completion_objection(caller: Identity, kind: str, course_id: str) -> RoleRequired | None:
    """Why the caller may not complete an upload of their own now; None when they may.

    A student who has left the course since may finish what was stamped.
    """
    role = UPLOAD_ROLES[kind]
    if kind == "submission" or _has_role(caller, role, course_id):
        return None
    return _role_required(role, course_id)


def require_editor(caller: Identity, name: str, *roles: str | None) -> None:
    """Raise where a change of the roster makes, changes or takes off an instructor, except for the administrator.

    `roles` are those of the person before and after the change.
    """
    if "instructor" in roles and not caller.is_administrator:
        raise AdministratorRequired(
            f"{name!r} is, or would be, an instructor, which only the administrator of the exchange can change."
        )


def may_take_off(caller: Identity, role: str) -> bool:
    """Whether replacing a roster takes a person of this role off it."""
    return caller.is_administrator or role != "instructor"
