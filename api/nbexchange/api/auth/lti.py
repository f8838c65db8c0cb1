"""Roles in the words of LTI 1.3 and 1.1: those in the course count, those in the institution or the system never."""

from __future__ import annotations

import re
from typing import Any

from nbexchange.protocol import RoleName

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
"""Begins the names of LTI's claims."""

MEMBERSHIP = re.compile(
    r"(?:http://purl\.imsglobal\.org/vocab/lis/v2/membership[#/]|urn:lti:role:ims/lis/)?(.+)",
    re.IGNORECASE,
)
"""A role in the course, by its whole name or, as LTI still allows for these, by its last word alone."""

INSTRUCTOR = re.compile(r"instructor", re.IGNORECASE)
ASSISTANT = re.compile(
    r"teachingassistant\w*(/\w+)?|instructor[#/](teachingassistant\w*|grader)", re.IGNORECASE
)
"""In any case: Canvas has written `membership/instructor#TeachingAssistant`."""


def role_of_all(roles: Any) -> RoleName:
    """The role that a person's roles, a list of names or a text with commas, give.

    An assistant is a grader, also where the roles say `Instructor` besides: LTI 1.3 asks platforms to send with each
    sub-role its principal role, which then says nothing more.
    """
    names = roles.split(",") if isinstance(roles, str) else roles if isinstance(roles, list) else []
    in_course = [
        match[1] for role in names if isinstance(role, str) and (match := MEMBERSHIP.fullmatch(role.strip()))
    ]
    if any(ASSISTANT.fullmatch(role) for role in in_course):
        return "grader"
    return "instructor" if any(INSTRUCTOR.fullmatch(role) for role in in_course) else "student"
