"""Who is calling, and what they are in which course: for this request only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import get_args

from nbexchange.api.problems import NotFound, RoleRequired
from nbexchange.protocol import CONTACT, RoleName, is_path_component

RANK: Mapping[RoleName, int] = {role: rank for rank, role in enumerate(get_args(RoleName))}


class InvalidIdentity(Exception):
    """An authenticator gave something that is no identity: a mistake of the installation, not of the caller."""


@dataclass(frozen=True, slots=True)
class CourseRole:
    role: RoleName
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """A verified caller. The roles hold in this organisation and in these courses, and nowhere else."""

    name: str
    org_id: str
    courses: Mapping[str, CourseRole]
    full_name: str | None = None
    email: str | None = None
    lms_user_id: str | None = None
    contact: Mapping[str, str] = field(init=False, repr=False)
    """The personal fields that this identity states; one that it omits erases nothing stored."""

    def __post_init__(self) -> None:
        for word in (self.name, self.org_id, *self.courses):
            if not is_path_component(word):
                raise InvalidIdentity("a name, organisation or course id cannot be used as a file name")
        stated = {field: getattr(self, field) for field in CONTACT}
        object.__setattr__(self, "contact", {name: value for name, value in stated.items() if value})

    def has_role(self, role: RoleName, course_id: str) -> bool:
        """Whether the caller is this, or something stronger, in the course."""
        place = self.courses.get(course_id)
        return place is not None and RANK[place.role] >= RANK[role]

    def teaches(self, course_id: str) -> bool:
        return self.has_role("instructor", course_id)

    def grades(self, course_id: str) -> bool:
        """Whether the caller sees the work of a course's students: as its grader or instructor."""
        return self.has_role("grader", course_id)

    def require_member(self, course_id: str) -> CourseRole:
        """The caller's place in the course; a course they are not in is one they may not know of."""
        try:
            return self.courses[course_id]
        except KeyError:
            raise not_in_course(course_id) from None

    def require(self, role: RoleName, course_id: str) -> None:
        """Raise unless the caller is this, or something stronger, in the course."""
        self.require_member(course_id)
        if not self.has_role(role, course_id):
            raise role_required(role, course_id)


def strongest(places: Iterable[tuple[str, CourseRole]]) -> dict[str, CourseRole]:
    """The roles by course; where a course is named more than once, the strongest role holds, and the first title."""
    courses: dict[str, CourseRole] = {}
    for course_id, place in places:
        known = courses.get(course_id, place)
        role = max(known.role, place.role, key=RANK.__getitem__)
        courses[course_id] = CourseRole(role, known.title or place.title)
    return courses


def role_of(word: str) -> RoleName:
    """The role that a word names, in any case; an unknown word is a student."""
    return next((role for role in RANK if role == word.strip().casefold()), "student")


def role_required(role: RoleName, course_id: str) -> RoleRequired:
    who = {"grader": "a grader or an instructor"}.get(role, f"an {role}")
    return RoleRequired(f"Only {who} of {course_id} may do this.")


def not_in_course(course_id: str) -> NotFound:
    return NotFound(f"You have no course {course_id!r} here.")
