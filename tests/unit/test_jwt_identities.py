"""Whom the claims of a good token name, in each of their shapes."""

from __future__ import annotations

import pytest
from support.people.jwt_callers import ADA, make, who
from support.servers.issuers import token

from nbexchange.api.access.permissions import is_instructor, sees_everybody
from nbexchange.api.problems import IdentityRefused

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"


def test_the_claims_of_existing_installations_name_a_course_and_a_role():
    contact = {"full_name": "Ada L", "email": "ada@example.org", "lms_user_id": 7}
    identity = who(
        make(), token({**ADA, **contact, "course_role": "Instructor", "course_title": "Computing"})
    )
    assert (identity.name, identity.org_id) == ("ada", "3")
    assert identity.contact == {"full_name": "Ada L", "email": "ada@example.org", "lms_user_id": "7"}
    assert is_instructor(identity, "cs1")
    assert identity.courses["cs1"].title == "Computing"


@pytest.mark.parametrize("word", ["Student", "Administrator", "TeachingAssistant", "instructors", "root"])
def test_an_unknown_word_for_a_role_is_a_student(word):
    identity = who(make(), token({**ADA, "course_role": word}))
    assert identity.courses["cs1"].role == "student"
    assert not sees_everybody(identity, "cs1")


def test_an_instructor_of_another_course_is_none_here():
    courses = [
        {"course_id": "cs1", "course_role": "Student"},
        {"course_id": "cs2", "course_role": "Instructor"},
    ]
    identity = who(make(), token({"name": "ada", "courses": courses}))
    assert not is_instructor(identity, "cs1")
    assert is_instructor(identity, "cs2")


def test_groups_give_roles_and_the_display_name_is_no_name():
    groups = ["formgrade-cs1", "nbgrader-art", "staff", 7, None]
    claims = {"preferred_username": "ada", "name": "root", "email": "ada@example.org", "groups": groups}
    identity = who(make(shape="groups"), token(claims))
    assert (identity.name, identity.full_name, identity.org_id) == ("ada", "root", "1")
    assert {course_id: course.role for course_id, course in identity.courses.items()} == {
        "cs1": "instructor",
        "art": "student",
    }


def test_one_without_the_claim_that_names_people_is_refused_whatever_else_they_are_called():
    with pytest.raises(IdentityRefused):
        who(make(shape="groups"), token(name="ada", email="ada@example.org", groups=["formgrade-cs1"]))


def test_groups_can_be_elsewhere_in_other_patterns_and_name_the_organisation():
    authenticator = make(
        shape="groups",
        claims={"groups": "resource_access.exchange.roles", "name": "sub"},
        group_roles=[("/(?P<org>[^/]+)/(?P<course>[^/]+)/teachers", "instructor")],
    )
    access = {"exchange": {"roles": ["/law/cs1/teachers", "nbgrader-art"]}}
    identity = who(authenticator, token(sub="ada", resource_access=access))
    assert (identity.name, identity.org_id, list(identity.courses)) == ("ada", "law", ["cs1"])
    two = {"exchange": {"roles": ["/law/cs1/teachers", "/art/cs1/teachers"]}}
    with pytest.raises(IdentityRefused):
        who(authenticator, token(sub="ada", resource_access=two))


@pytest.mark.parametrize("groups", [None, 7, {}, {"formgrade-cs1": True}, []], ids=str)
def test_groups_that_are_no_list_give_nothing(groups):
    assert who(make(shape="groups"), token(preferred_username="ada", groups=groups)).courses == {}


def launch(roles, **others):
    return token(
        {
            "sub": "u-1",
            "name": "Ada L",
            "email": "ada@example.org",
            f"{LTI}context": {"id": "c7", "label": "CS1", "title": "Computing"},
            f"{LTI}roles": roles,
            **others,
        }
    )


def test_an_lti_launch_names_its_course_and_the_role_in_it():
    identity = who(make(shape="lti"), launch([f"{MEMBERSHIP}#Instructor"]))
    assert (identity.name, identity.full_name, identity.lms_user_id) == ("u-1", "Ada L", "u-1")
    assert is_instructor(identity, "c7")
    assert identity.courses["c7"].title == "Computing"


def test_an_assistant_by_lti_is_a_grader_and_a_lecturer_enrolled_as_learner_is_a_student():
    assistant = [f"{MEMBERSHIP}#Instructor", f"{MEMBERSHIP}/Instructor#TeachingAssistant"]
    identity = who(make(shape="lti"), launch(assistant))
    assert sees_everybody(identity, "c7")
    assert not is_instructor(identity, "c7")
    lecturer = [
        f"{MEMBERSHIP}#Learner",
        "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor",
    ]
    assert not sees_everybody(who(make(shape="lti"), launch(lecturer)), "c7")


def test_a_launch_outside_of_any_course_is_in_none():
    assert (
        who(make(shape="lti"), launch([f"{MEMBERSHIP}#Instructor"], **{f"{LTI}context": None})).courses == {}
    )


@pytest.mark.parametrize(
    "claims",
    [
        {"name": "../ada"},
        {"name": ""},
        {"name": ["ada"]},
        {"course_id": "a/b"},
        {"course_id": {}},
        {"course_role": None},
        {"org_id": ".."},
        {"courses": "cs1"},
    ],
    ids=str,
)
def test_a_good_token_that_makes_no_identity_is_refused_and_not_tried_again(claims):
    with pytest.raises(IdentityRefused):
        who(make(), token({**ADA, **claims}))
