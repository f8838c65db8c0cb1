"""Groups of a JupyterHub from launches by LTI 1.3, under the names that the exchange and nbgrader read.

Put this file beside `jupyterhub_config.py`, where it can be imported, and say there:

    from lti13_groups import add_groups

    c.JupyterHub.authenticator_class = "ltiauthenticator.lti13.auth.LTI13Authenticator"
    c.LTI13Authenticator.manage_groups = True
    c.LTI13Authenticator.post_auth_hook = add_groups

    # In the exchange's configuration, for the groups of graders:
    c.JupyterHubAuthenticator.group_roles = [
        ("formgrade-(?P<course>.+)", "instructor"),
        ("grader-(?P<course>.+)", "grader"),
        ("nbgrader-(?P<course>.+)", "student"),
    ]

A launch says what somebody is in one course. The hub replaces all groups of a person by those of the last login, so the
groups of other courses are handed on here, and those of this course are made anew. One who left a course stays in its
group until the hub forgets them: they launch it no more. For one platform: two could use the same course id.
"""

import re

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
MEMBERSHIP = re.escape("http://purl.imsglobal.org/vocab/lis/v2/membership")

INSTRUCTOR = re.compile(rf"({MEMBERSHIP}#)?instructor", re.IGNORECASE)
ASSISTANT = re.compile(
    rf"{MEMBERSHIP}/instructor#(teachingassistant\w*|grader)|({MEMBERSHIP}#)?teachingassistant\w*",
    re.IGNORECASE,
)
PREFIXES = {"instructor": "formgrade-", "grader": "grader-", "student": "nbgrader-"}

COURSE_ID = re.compile(r"[\w@+:~][\w.@+:~-]{0,199}")
"""What can be part of a group's name and the name of a folder."""


def add_groups(authenticator, handler, auth_model):
    """For `c.Authenticator.post_auth_hook`: state all groups of the user who logs in."""
    claims = auth_model["auth_state"] or {}
    groups = groups_so_far(handler, auth_model["name"])
    course_id = course_of(claims)
    if course_id is not None:
        groups -= {prefix + course_id for prefix in PREFIXES.values()}
        groups.add(PREFIXES[role_of(claims.get(f"{CLAIM}roles"))] + course_id)
    return {**auth_model, "groups": sorted(groups)}


def groups_so_far(handler, name):
    user = handler.find_user(name)
    return {group.name for group in user.groups} if user else set()


def course_of(claims):
    """The launch's course, or None. Its label or title would not do: teachers can change them into another course's."""
    context = claims.get(f"{CLAIM}context")
    course_id = context.get("id") if isinstance(context, dict) else None
    return course_id if isinstance(course_id, str) and COURSE_ID.fullmatch(course_id) else None


def role_of(roles):
    """Only roles in the course count: a lecturer who is enrolled as a learner is a student.

    Platforms send the role of an instructor along with that of an assistant, who is a grader.
    """
    names = [role for role in roles if isinstance(role, str)] if isinstance(roles, list) else []
    if any(ASSISTANT.fullmatch(role) for role in names):
        return "grader"
    return "instructor" if any(INSTRUCTOR.fullmatch(role) for role in names) else "student"
