"""Who is calling, and the caller's role in each course: for one request only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import get_args

from nbexchange.protocol import CONTACT, RoleName, is_path_component

ROLES: tuple[RoleName, ...] = get_args(RoleName)
"""From the weakest to the strongest."""

ADMINISTRATOR = "administrator/shell"
"""What the audit log calls the administrator of the exchange: no person's name has a slash."""


class InvalidIdentity(Exception):
    """An authenticator gave something that is no identity: a mistake of the installation, not of the caller."""


@dataclass(frozen=True, slots=True)
class CourseRole:
    role: RoleName
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """A verified caller. The roles hold in this organisation and in these courses, and nowhere else.

    The administrator of the exchange calls from the command line, and no authenticator gives that identity.
    """

    name: str
    org_id: str
    courses: Mapping[str, CourseRole]
    full_name: str | None = None
    email: str | None = None
    lms_user_id: str | None = None
    is_administrator: bool = False

    def __post_init__(self) -> None:
        names = [self.org_id, *self.courses, *([] if self.is_administrator else [self.name])]
        if not all(is_path_component(name) for name in names):
            raise InvalidIdentity("a name, organisation or course id cannot be used as a file name")

    @classmethod
    def administrator(cls, org_id: str) -> Identity:
        """The administrator, at work on one organisation."""
        return cls(ADMINISTRATOR, org_id, {}, is_administrator=True)

    @property
    def contact(self) -> dict[str, str]:
        """The personal fields that this identity states; one that it omits erases nothing stored."""
        return {field: value for field in CONTACT if (value := getattr(self, field))}


def merge_roles(roles: Iterable[tuple[str, CourseRole]]) -> dict[str, CourseRole]:
    """The roles by course; where a course is named more than once, the strongest role holds, and the first title."""
    courses: dict[str, CourseRole] = {}
    for course_id, entry in roles:
        earlier = courses.get(course_id, entry)
        role = max(earlier.role, entry.role, key=ROLES.index)
        courses[course_id] = CourseRole(role, earlier.title or entry.title)
    return courses


def role_of(word: str) -> RoleName:
    """The role that a word names, in any case; an unknown word is a student."""
    return next((role for role in ROLES if role == word.strip().casefold()), "student")
