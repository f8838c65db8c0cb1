"""The hub's hook for launches by LTI 1.3, with JupyterHub's own users and the LTI authenticator itself."""

from __future__ import annotations

import asyncio
import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest
from jupyterhub import orm
from jupyterhub.user import User
from ltiauthenticator.lti13.auth import LTI13Authenticator
from sqlalchemy.pool import StaticPool

from nbexchange.api.auth.groups import GroupPatterns
from nbexchange.api.auth.lti import role_of_all

FILE = Path(__file__).parents[2] / "infra" / "jupyterhub" / "lti13_groups.py"
LTI = "https://purl.imsglobal.org/spec/lti/claim/"
VOCABULARY = "http://purl.imsglobal.org/vocab/lis/v2/"
LEARNER = f"{VOCABULARY}membership#Learner"
INSTRUCTOR = f"{VOCABULARY}membership#Instructor"
ASSISTANT = f"{VOCABULARY}membership/Instructor#TeachingAssistant"
LECTURER = f"{VOCABULARY}institution/person#Instructor"


def load_hook():
    described = importlib.util.spec_from_file_location("lti13_groups", FILE)
    hook = importlib.util.module_from_spec(described)
    described.loader.exec_module(hook)
    return hook


hook = load_hook()


@pytest.fixture
def hub():
    """A hub's database, and a login by launch as its handlers do one; gives the groups that the person has then."""
    sessions = orm.new_session_factory("sqlite:///:memory:", poolclass=StaticPool)
    session = sessions()
    authenticator = LTI13Authenticator(
        username_key="sub",
        allow_all=True,
        manage_groups=True,
        post_auth_hook=hook.add_groups,
        issuer="https://lms.example.org",
        jwks_endpoint="https://lms.example.org/jwks",
        authorize_url="https://lms.example.org/authorize",
        client_id={"hub"},
    )

    def find_user(name):
        row = orm.User.find(session, name)
        return User(row, {"authenticator": authenticator}) if row else None

    def launch(course_id, *roles, name="ada", **others):
        claims = {
            "sub": name,
            "iss": "https://lms.example.org",
            f"{LTI}deployment_id": "1",
            f"{LTI}context": {"id": course_id, "label": "CS1", "title": "Computing"},
            f"{LTI}roles": list(roles),
            **others,
        }
        handler = SimpleNamespace(find_user=find_user)
        model = asyncio.run(authenticator.get_authenticated_user(handler, claims))
        if find_user(name) is None:
            session.add(orm.User(name=name))
            session.commit()
        find_user(model["name"]).sync_groups(model["groups"])
        return {group.name for group in find_user(name).groups}

    yield SimpleNamespace(launch=launch)
    session.close()
    session.get_bind().dispose()


def test_a_launch_puts_somebody_into_one_group_of_its_course(hub):
    assert hub.launch("c1", INSTRUCTOR) == {"formgrade-c1"}
    assert hub.launch("c1", LEARNER, name="ben") == {"nbgrader-c1"}
    assert hub.launch("c1", INSTRUCTOR, ASSISTANT, name="eve") == {"grader-c1"}


def test_the_groups_of_other_courses_stay(hub):
    hub.launch("c1", INSTRUCTOR)
    assert hub.launch("c2", LEARNER) == {"formgrade-c1", "nbgrader-c2"}
    assert hub.launch("c3", ASSISTANT) == {"formgrade-c1", "nbgrader-c2", "grader-c3"}


def test_one_whose_role_in_the_course_changed_has_no_other_in_it(hub):
    hub.launch("c1", INSTRUCTOR)
    hub.launch("c2", INSTRUCTOR)
    assert hub.launch("c1", LEARNER) == {"nbgrader-c1", "formgrade-c2"}


def test_a_lecturer_who_is_enrolled_as_a_learner_is_a_student(hub):
    assert hub.launch("c1", LEARNER, LECTURER) == {"nbgrader-c1"}


def test_the_label_and_the_title_of_a_course_name_no_group(hub):
    context = {"id": "c1", "label": "c2", "title": "c3"}
    assert hub.launch("c1", INSTRUCTOR, **{f"{LTI}context": context}) == {"formgrade-c1"}


@pytest.mark.parametrize(
    "context", [None, {}, {"id": 7}, {"id": ""}, {"id": "../c2"}, {"id": "a/b"}, "c1"], ids=str
)
def test_a_launch_outside_of_any_course_changes_no_group(hub, context):
    hub.launch("c1", INSTRUCTOR)
    assert hub.launch("c2", INSTRUCTOR, **{f"{LTI}context": context}) == {"formgrade-c1"}


def test_nobody_gets_the_groups_of_somebody_else(hub):
    hub.launch("c1", INSTRUCTOR)
    assert hub.launch("c2", LEARNER, name="ben") == {"nbgrader-c2"}


def test_the_exchange_reads_these_groups_with_the_patterns_that_the_file_prints(hub):
    printed = [
        ("formgrade-(?P<course>.+)", "instructor"),
        ("grader-(?P<course>.+)", "grader"),
        ("nbgrader-(?P<course>.+)", "student"),
    ]
    assert all(f'("{pattern}", "{role}"),' in FILE.read_text() for pattern, role in printed)
    hub.launch("c1", INSTRUCTOR)
    hub.launch("c2", ASSISTANT)
    identity = GroupPatterns.compile(printed, "1").read(hub.launch("c3", LEARNER))
    assert {course_id: course.role for course_id, course in identity.courses.items()} == {
        "c1": "instructor",
        "c2": "grader",
        "c3": "student",
    }


@pytest.mark.parametrize(
    "roles",
    [
        [],
        None,
        [7],
        [LEARNER],
        [INSTRUCTOR],
        ["Instructor"],
        [ASSISTANT, INSTRUCTOR],
        [ASSISTANT.replace("/Instructor", "/instructor")],
        [f"{ASSISTANT}Section"],
        [f"{VOCABULARY}membership#TeachingAssistant"],
        [f"{VOCABULARY}membership/Instructor#Grader", INSTRUCTOR],
        [f"{VOCABULARY}membership/Learner#Instructor"],
        [f"{VOCABULARY}membership#Administrator", LECTURER],
        [f"{VOCABULARY}system/person#Administrator"],
    ],
    ids=str,
)
def test_hook_and_exchange_read_roles_alike(roles):
    assert hook.role_of(roles) == role_of_all(roles)
