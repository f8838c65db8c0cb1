"""Who is calling, and the caller's role in each course: for one request only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import get_args

from nbexchange.protocol import CONTACT, ID_RULE, RoleName, is_id, plain_contact, plain_text

ROLES: tuple[RoleName, ...] = get_args(RoleName)
"""From the weakest to the strongest."""

ADMINISTRATOR = "administrator/shell"
"""What the audit log calls the administrator of the exchange: no person's name has a slash."""


class InvalidIdentity(Exception):
    """An authenticator gave something that is no identity: a mistake of the installation, not of the caller."""


class UnusableId(InvalidIdentity):
    """A name, organisation or course that cannot be one: perhaps the caller's own choice."""


@dataclass(frozen=True, slots=True)
class CourseRole:
    """`title` is for people: what would be more than text in it is taken out."""

    role: RoleName
    title: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", plain_text(self.title or "") or None)


@dataclass(frozen=True, slots=True)
class Identity:
    """A verified caller. The roles hold in this organisation and in these courses, and nowhere else.

    Raises `UnusableId`. The personal fields become plain text; an id never changes. The
    administrator of the exchange calls from the command line, and no authenticator gives that identity.
    """

    name: str
    org_id: str
    courses: Mapping[str, CourseRole]
    full_name: str | None = None
    email: str | None = None
    lms_user_id: str | None = None
    is_administrator: bool = False

    def __post_init__(self) -> None:
        for text in [self.org_id, *self.courses, *([] if self.is_administrator else [self.name])]:
            if not is_id(text):
                raise UnusableId(f"{text[:100]!r} is no id: {ID_RULE}")
        for field in CONTACT:
            object.__setattr__(self, field, plain_contact(field, getattr(self, field)))

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
