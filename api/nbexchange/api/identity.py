"""Who is calling, and what they are in which course: for this request only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nbexchange.api.problems import NotFound, RoleRequired
from nbexchange.protocol import RoleName, is_path_component


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
        stated = {"full_name": self.full_name, "email": self.email, "lms_user_id": self.lms_user_id}
        object.__setattr__(self, "contact", {name: value for name, value in stated.items() if value})

    def teaches(self, course_id: str) -> bool:
        place = self.courses.get(course_id)
        return place is not None and place.role == "instructor"

    def require_member(self, course_id: str) -> CourseRole:
        """The caller's place in the course; a course they are not in is one they may not know of."""
        try:
            return self.courses[course_id]
        except KeyError:
            raise not_in_course(course_id) from None

    def require_instructor(self, course_id: str) -> None:
        if self.require_member(course_id).role != "instructor":
            raise RoleRequired(f"Only an instructor of {course_id} may do this.")


def not_in_course(course_id: str) -> NotFound:
    return NotFound(f"You have no course {course_id!r} here.")
