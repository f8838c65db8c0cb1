"""An installation's own class, in the form of nbexchange 1 and 2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Request
from traitlets.config import LoggingConfigurable

from nbexchange.api.access.identity import CourseRole, Identity, InvalidIdentity, merge_roles, role_of


class BaseUserHandler(LoggingConfigurable):
    """Subclass this in the configuration file and set `c.NbExchange.user_plugin_class` to it."""

    def get_current_user(self, request: Request) -> Mapping[str, Any] | None:
        """Identify the caller: `name`, `full_name`, `email`, `lms_user_id`, `org_id` and either `course_id`,
        `course_title`, `course_role`, or `courses`, a list of such three; without them the caller is in no course, or
        in those of the database's rosters. None where the request identifies no caller.

        `course_role` is `Instructor` or `Grader` (in any case) or anything else, which is a student.
        """
        return None


@dataclass(frozen=True)
class CustomAuthenticator:
    handler: BaseUserHandler

    def authenticate(self, request: Request) -> Identity | None:
        user = self.handler.get_current_user(request)
        return identity_of(user) if user else None


def identity_of(user: Mapping[str, Any]) -> Identity:
    """The identity that such a mapping describes; raises `InvalidIdentity`."""
    return Identity(
        name=_word(user, "name"),
        org_id=_word(user, "org_id", default="1"),
        courses=merge_roles((_word(course, "course_id"), _role(course)) for course in _courses(user)),
        full_name=_optional(user, "full_name"),
        email=_optional(user, "email"),
        lms_user_id=_optional(user, "lms_user_id"),
    )


def _courses(user: Mapping[str, Any]) -> Sequence[Any]:
    """Those of either form; none where neither is there: something else may say what this person is."""
    courses = user.get("courses")
    if courses is None:
        return [user] if user.get("course_id") is not None else []
    if not isinstance(courses, list | tuple) or not all(isinstance(course, Mapping) for course in courses):
        raise InvalidIdentity("'courses' is no list of courses")
    return courses


def _role(course: Mapping[str, Any]) -> CourseRole:
    return CourseRole(role_of(_word(course, "course_role")), _optional(course, "course_title"))


def _word(mapping: Mapping[str, Any], key: str, default: str | None = None) -> str:
    value = mapping.get(key)
    if value is None or value == "":
        value = default
    text = _text(value)
    if text is None:
        raise InvalidIdentity(f"the identity has no usable {key!r}")
    return text


def _optional(mapping: Mapping[str, Any], key: str) -> str | None:
    return _text(mapping.get(key))


def _text(value: Any) -> str | None:
    """Text, or a number as text: older installations number their organisations. `True` is neither."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None
