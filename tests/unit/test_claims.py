"""Where a token says what: dotted paths, and what becomes of odd values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbexchange.api.access.identity import InvalidIdentity
from nbexchange.api.auth.claims import SHAPES, choose_paths, find_claim, read_member
from nbexchange.shared.section import SettingsError

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
ADA = {"name": "ada", "course_id": "cs1", "course_role": "Instructor"}


def test_a_path_leads_through_objects():
    claims = {"realm_access": {"roles": ["a"]}, "sub": "7"}
    assert find_claim(claims, "realm_access.roles") == ["a"]
    assert find_claim(claims, "sub") == "7"


def test_a_path_leads_through_names_that_have_dots_themselves():
    claims = {f"{LTI}context": {"id": "c7"}, f"{LTI}roles": ["x"]}
    assert find_claim(claims, f"{LTI}context.id") == "c7"
    assert find_claim(claims, f"{LTI}roles") == ["x"]


def test_the_longest_name_that_is_there_is_taken():
    assert find_claim({"a": {"b": "short"}, "a.b": "long"}, "a.b") == "long"


@pytest.mark.parametrize("path", ["b", "a.b", "list.0", "text.x", "a.", ".a", "a..b"])
def test_a_path_to_nothing_finds_nothing(path):
    assert find_claim({"a": {"c": 1}, "list": ["x"], "text": "y"}, path) is None


names = st.lists(st.text("ab./:", min_size=1), min_size=1, max_size=4)


@given(names, st.integers())
def test_whatever_the_names_a_path_of_them_finds_the_value(path, value):
    claims = value
    for name in reversed(path):
        claims = {name: claims}
    assert find_claim(claims, ".".join(path)) == value


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("others", [{"nmae": "sub"}, {"name": ""}, {"name": None}, {"name": ["sub"]}])
def test_a_misspelt_or_empty_claim_is_a_setting_that_cannot_work(shape, others):
    with pytest.raises(SettingsError):
        choose_paths(shape, others)


def test_a_single_claim_can_be_replaced():
    assert choose_paths("groups", {"name": "sub"})["name"] == "sub"
    assert choose_paths("groups", {"name": "sub"})["groups"] == "groups"


def test_one_who_names_no_course_is_in_none():
    assert read_member({"name": "ada"}, "1").courses == {}


def test_the_organisation_of_a_token_comes_before_that_of_the_settings():
    assert read_member({**ADA, "org_id": 7}, "here").org_id == "7"
    assert read_member({**ADA, "org_id": 0}, "here").org_id == "0"
    assert read_member({**ADA, "org_id": None}, "here").org_id == "here"
    assert read_member({**ADA, "org_id": ""}, "here").org_id == "here"


@pytest.mark.parametrize("odd", [{}, [], ["law"], {"id": 1}, 1.5, "../law"])
def test_an_organisation_that_is_no_word_is_no_identity_rather_than_that_of_the_settings(odd):
    with pytest.raises(InvalidIdentity):
        read_member({**ADA, "org_id": odd}, "here")


def test_several_courses_can_be_listed():
    courses = [
        {"course_id": "cs1", "course_role": "Instructor"},
        {"course_id": "cs2", "course_role": "what?"},
    ]
    member = read_member({"name": "ada", "courses": courses}, "1")
    assert {course_id: course.role for course_id, course in member.courses.items()} == {
        "cs1": "instructor",
        "cs2": "student",
    }


@pytest.mark.parametrize("courses", ["cs1", {"cs1": "Instructor"}, ["cs1"], [["cs1", "Instructor"]], 7])
def test_courses_that_are_no_list_of_courses_are_no_identity(courses):
    with pytest.raises(InvalidIdentity):
        read_member({"name": "ada", "courses": courses}, "1")


@pytest.mark.parametrize("odd", [{}, [], ["ada"], {"a": 1}, None, ""])
def test_a_name_that_is_no_word_is_no_identity(odd):
    with pytest.raises(InvalidIdentity):
        read_member({**ADA, "name": odd}, "1")


def test_a_contact_that_is_no_word_is_left_out():
    assert read_member({**ADA, "email": ["a@example.org"]}, "1").contact == {}
