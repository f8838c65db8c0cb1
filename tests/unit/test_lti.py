"""What somebody is in a course by the words of LTI."""

from __future__ import annotations

import pytest

from nbexchange.api.auth.lti import role_of_all

VOCABULARY = "http://purl.imsglobal.org/vocab/lis/v2/"
MEMBERSHIP = f"{VOCABULARY}membership"
PRINCIPAL = f"{MEMBERSHIP}#Instructor"
LEARNER = f"{MEMBERSHIP}#Learner"


@pytest.mark.parametrize(
    "roles",
    [
        [f"{VOCABULARY}institution/person#Instructor"],
        [f"{VOCABULARY}institution/person#Faculty"],
        [f"{VOCABULARY}institution/person#Administrator"],
        [f"{VOCABULARY}system/person#Administrator"],
        [f"{VOCABULARY}system/person#SysAdmin"],
        ["urn:lti:instrole:ims/lis/Instructor"],
        ["urn:lti:instrole:ims/lis/Faculty"],
        ["urn:lti:sysrole:ims/lis/SysAdmin"],
        [LEARNER, f"{VOCABULARY}institution/person#Instructor"],
    ],
)
def test_a_role_in_the_institution_or_the_system_gives_nothing_in_a_course(roles):
    assert role_of_all(roles) == "student"


@pytest.mark.parametrize(
    "role",
    [
        LEARNER,
        f"{MEMBERSHIP}#Mentor",
        f"{MEMBERSHIP}#Administrator",
        f"{MEMBERSHIP}#ContentDeveloper",
        f"{MEMBERSHIP}/Learner#Instructor",
        f"{MEMBERSHIP}/Learner#TeachingAssistant",
        "urn:lti:role:ims/lis/Learner/Instructor",
        f"{MEMBERSHIP}#Instructors",
        f"https://evil.example.org/{PRINCIPAL}",
        "NotInstructor",
        "root",
        "",
    ],
)
def test_any_other_word_is_a_student(role):
    assert role_of_all([role]) == "student"


@pytest.mark.parametrize("roles", [None, 7, {}, [], [None, 7, {}], {"Instructor": True}, ""])
def test_no_words_at_all_are_a_student(roles):
    assert role_of_all(roles) == "student"


@pytest.mark.parametrize(
    "roles",
    [
        [PRINCIPAL],
        ["Instructor"],
        ["urn:lti:role:ims/lis/Instructor"],
        [LEARNER, PRINCIPAL],
        [PRINCIPAL, f"{MEMBERSHIP}/Instructor#PrimaryInstructor"],
        "Instructor,urn:lti:instrole:ims/lis/Student",
        "urn:lti:role:ims/lis/Learner, urn:lti:role:ims/lis/Instructor",
    ],
)
def test_an_instructor_of_the_course_is_one(roles):
    assert role_of_all(roles) == "instructor"


@pytest.mark.parametrize(
    "role",
    [
        f"{MEMBERSHIP}/Instructor#TeachingAssistant",
        f"{MEMBERSHIP}/instructor#TeachingAssistant",
        f"{MEMBERSHIP}/Instructor#TeachingAssistantSection",
        f"{MEMBERSHIP}/Instructor#Grader",
        f"{MEMBERSHIP}#TeachingAssistant",
        "urn:lti:role:ims/lis/TeachingAssistant",
        "urn:lti:role:ims/lis/TeachingAssistant/TeachingAssistantGroup",
        "TeachingAssistant",
    ],
)
@pytest.mark.parametrize("others", [[], [PRINCIPAL], [LEARNER], ["Instructor", LEARNER]])
def test_an_assistant_is_a_grader_also_beside_the_principal_role(role, others):
    assert role_of_all([role, *others]) == "grader"
    assert role_of_all([*others, role]) == "grader"
