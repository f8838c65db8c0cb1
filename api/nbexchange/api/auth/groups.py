"""Roles from the names of groups, as hubs, identity providers and proxies state them."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from nbexchange.api.access.identity import ROLES, CourseRole, merge_roles
from nbexchange.api.problems import IdentityRefused
from nbexchange.protocol import RoleName, is_id
from nbexchange.shared.section import SettingsError

log = logging.getLogger("nbexchange")

NBGRADERS_GROUPS = [
    ("formgrade-(?P<course>.+)", "instructor"),
    ("nbgrader-(?P<course>.+)", "student"),
]
"""The names that nbgrader itself gives to the groups of a hub."""

HELP = (
    "Pairs of a pattern, which has to match a group's whole name, and the role that it gives. "
    "`(?P<course>...)` in it is the course, `(?P<org>...)` may be the organisation. The strongest role holds. "
    "Default: nbgrader's own groups, `formgrade-<course>` for instructors and `nbgrader-<course>` for students."
)


@dataclass(frozen=True)
class Membership:
    """The organisation and roles that a person's groups give."""

    org_id: str
    courses: dict[str, CourseRole]


@dataclass(frozen=True)
class GroupPatterns:
    """What groups mean. A group that no pattern knows means nothing."""

    patterns: Sequence[tuple[re.Pattern[str], RoleName]]
    org_id: str
    """The organisation of those whose groups name none."""

    @classmethod
    def compile(cls, pairs: Iterable[Any], org_id: str) -> GroupPatterns:
        """From the settings; raises `SettingsError`."""
        if not is_id(org_id):
            raise SettingsError(f"{org_id!r} in org_id cannot be an organisation's id")
        return cls([_compile(pair) for pair in pairs], org_id)

    def read(self, groups: Iterable[str]) -> Membership:
        """Raises `IdentityRefused` for groups of more than one organisation: a person is in one."""
        matches = list(self._match(groups))
        orgs = {org for org, _, _ in matches}
        if len(orgs) > 1:
            named = ", ".join(sorted(orgs))
            raise IdentityRefused(f"Your groups are those of several organisations ({named}), not of one.")
        roles = ((course_id, CourseRole(role)) for _, course_id, role in matches)
        return Membership(next(iter(orgs), self.org_id), merge_roles(roles))

    def _match(self, groups: Iterable[str]) -> Iterator[tuple[str, str, RoleName]]:
        for group in groups:
            for pattern, role in self.patterns:
                if match := pattern.fullmatch(group):
                    org_id, course_id = match.groupdict().get("org") or self.org_id, match["course"]
                    if course_id and is_id(course_id) and is_id(org_id):
                        yield org_id, course_id, role
                    else:
                        log.warning("the group %r names no course that can be one, and is left out", group)


def split_groups(text: str, separator: str) -> Iterator[str]:
    """The groups in a text.

    One with a separator in its name, which has a backslash before it, is left out with all of its parts: a part of a
    name that somebody chose would be a group of its own.
    """
    is_continued = False
    for part in text.split(separator):
        is_whole = not is_continued and not part.endswith("\\")
        is_continued = part.endswith("\\")
        if not is_whole:
            log.warning("the part %r of a group with %r in its name is left out", part, separator)
        elif part.strip():
            yield part.lstrip(" \t")  # the space that people write after a comma, and no other


def _compile(pair: Any) -> tuple[re.Pattern[str], RoleName]:
    try:
        text, role = pair
        pattern = re.compile(text)
    except (TypeError, ValueError, re.error) as error:
        raise SettingsError(f"{pair!r} is no pair of a pattern and a role: {error}") from None
    if role not in ROLES:
        raise SettingsError(f"{role!r} is no role: there is {', '.join(ROLES)}")
    if "course" not in pattern.groupindex:
        raise SettingsError(f"the pattern {text!r} has no (?P<course>...)")
    return pattern, role
