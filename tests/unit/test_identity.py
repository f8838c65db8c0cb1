"""Who is calling: the two shapes that installations give, and tokens in a file."""

from __future__ import annotations

import threading

import pytest
from flask import Flask, request

from nbexchange.api.access.identity import CourseRole, Identity, InvalidIdentity, UnusableId, merge_roles
from nbexchange.api.access.permissions import is_instructor, require_member, require_role
from nbexchange.api.auth import bearer_token
from nbexchange.api.auth.custom import BaseUserHandler, CustomAuthenticator, identity_of
from nbexchange.api.auth.tokens import StaticTokens, TokenFile
from nbexchange.api.problems import NotFound, RoleRequired
from nbexchange.handlers.auth import user_handler

ONE_COURSE = {
    "name": "ada",
    "full_name": "Ada L",
    "email": "ada@example.org",
    "lms_user_id": 7,
    "course_id": "cs1",
    "course_title": "Computing",
    "course_role": "Instructor",
    "org_id": 1,
}


def test_the_older_shape_names_one_course():
    identity = identity_of(ONE_COURSE)
    assert (identity.name, identity.org_id, identity.lms_user_id) == ("ada", "1", "7")
    assert identity.courses["cs1"].title == "Computing"
    assert is_instructor(identity, "cs1")


def test_the_newer_shape_lists_courses():
    courses = [
        {"course_id": "cs1", "course_role": "instructor"},
        {"course_id": "cs2", "course_role": "Student", "course_title": "More"},
    ]
    identity = identity_of({"name": "ada", "org_id": "x", "courses": courses})
    assert {course_id: course.role for course_id, course in identity.courses.items()} == {
        "cs1": "instructor",
        "cs2": "student",
    }


@pytest.mark.parametrize("word", ["Instructor", "instructor", "INSTRUCTOR", " Instructor "])
def test_instructor_is_said_in_any_case(word):
    assert is_instructor(identity_of({**ONE_COURSE, "course_role": word}), "cs1")


@pytest.mark.parametrize(
    "word", ["Student", "TeachingAssistant", "Administrator", "instructors", "root", "x"]
)
def test_any_other_role_is_a_student(word):
    assert not is_instructor(identity_of({**ONE_COURSE, "course_role": word}), "cs1")


def test_of_two_roles_in_a_course_the_stronger_holds():
    roles = [{"course_id": "cs1", "course_role": role} for role in ("x", "Instructor", "y")]
    assert is_instructor(identity_of({"name": "a", "courses": roles}), "cs1")


@pytest.mark.parametrize("org", [1, "1"])
def test_an_organisations_number_is_its_name(org):
    assert identity_of({**ONE_COURSE, "org_id": org}).org_id == "1"


@pytest.mark.parametrize("missing", ["name", "course_id", "course_role"])
def test_an_identity_without_its_parts_is_none(missing):
    for value in ("", []) if missing == "course_id" else (None, "", []):
        with pytest.raises(InvalidIdentity):
            identity_of({**ONE_COURSE, missing: value})


@pytest.mark.parametrize(
    "user", [{"name": "ada"}, {"name": "ada", "courses": None}, {**ONE_COURSE, "course_id": None}]
)
def test_somebody_without_any_course_is_somebody(user):
    """A roster may say what they are, or nothing does."""
    assert identity_of(user).name == "ada"
    assert identity_of(user).courses == {}


@pytest.mark.parametrize("courses", ["cs1", {"course_id": "cs1"}, ["cs1"], 7])
def test_courses_that_are_no_list_of_courses_are_none(courses):
    with pytest.raises(InvalidIdentity):
        identity_of({"name": "ada", "courses": courses})


@pytest.mark.parametrize("key", ["name", "course_id", "org_id"])
@pytest.mark.parametrize("text", ["../x", "ada ", "a\u200bda", "e\u0301ve", "<b>"], ids=ascii)
def test_an_identity_with_an_id_that_cannot_be_one_is_refused_and_not_changed(key, text):
    with pytest.raises(UnusableId):
        identity_of({**ONE_COURSE, key: text})


@pytest.mark.parametrize("key", ["name", "course_id", "org_id"])
@pytest.mark.parametrize("value", [True, False])
def test_a_truth_value_is_no_name_and_no_organisation(key, value):
    with pytest.raises(InvalidIdentity):
        identity_of({**ONE_COURSE, key: value})


def test_what_is_said_of_a_person_and_a_course_becomes_plain_text_whichever_way_the_identity_is_made():
    hostile = "=\x1b[2J<script>\u202e"
    said = {"full_name": hostile, "email": hostile, "lms_user_id": True}
    identity = identity_of({**ONE_COURSE, **said, "course_title": hostile})
    assert identity.contact == {"full_name": "[2Jscript"}
    assert identity.courses["cs1"].title == "[2Jscript"
    assert Identity("ada", "1", {}, full_name=hostile).full_name == "[2Jscript"
    assert identity_of({**ONE_COURSE, "full_name": {"a": 1}}).full_name is None


def test_a_course_that_is_not_the_callers_is_not_found_and_a_role_that_is_missing_is_required():
    student = identity_of({**ONE_COURSE, "course_role": "x"})
    with pytest.raises(NotFound):
        require_member(student, "cs2")
    with pytest.raises(NotFound):
        require_role(student, "instructor", "cs2")
    with pytest.raises(RoleRequired):
        require_role(student, "instructor", "cs1")


def test_what_is_empty_is_not_stated():
    assert Identity("ada", "1", {}, full_name="", email=None).contact == {}


def test_half_of_a_character_which_json_can_have_is_left_out():
    user = {**ONE_COURSE, "full_name": "Ada\ud800 L", "course_title": "\udfffComputing\0"}
    identity = identity_of(user)
    assert (identity.full_name, identity.courses["cs1"].title) == ("Ada L", "Computing")


def test_the_import_path_of_older_files_is_the_same_class():
    assert user_handler.BaseUserHandler is BaseUserHandler
    assert CustomAuthenticator(BaseUserHandler()).authenticate(None) is None


@pytest.mark.parametrize(
    "user", [{"course_id": "cs1"}, {**ONE_COURSE, "name": ""}, {"name": None, "courses": []}]
)
def test_a_class_that_gives_no_identity_is_a_mistake_of_the_installation_and_its_caller_not_nobody(user):
    class Own(BaseUserHandler):
        def get_current_user(self, request):
            return user

    with pytest.raises(InvalidIdentity):
        CustomAuthenticator(Own()).authenticate(None)


# --- tokens ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("token abc", "abc"),
        ("Token abc", "abc"),
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        ("Basic abc", None),
        ("token abc def", None),
        ("token ab\x01c", None),
        ("token ab\xe9c", None),
        ("abc", None),
        ("token ", None),
        ("", None),
    ],
)
def test_a_token_is_read_from_the_header(header, token):
    with Flask("x").test_request_context(headers={"Authorization": header}):
        assert bearer_token(request) == token


def test_a_token_counts_at_once_and_no_longer_once_it_is_gone(tmp_path):
    file = TokenFile(tmp_path / "t.json")
    authenticator = StaticTokens(file)
    token = file.create(ONE_COURSE)
    with Flask("x").test_request_context(headers={"Authorization": f"token {token}"}):
        assert authenticator.authenticate(request).name == "ada"
        file.path.write_text("{}")
        assert authenticator.authenticate(request) is None
        file.path.unlink()
        assert authenticator.authenticate(request) is None


def test_tokens_made_at_once_are_all_kept(tmp_path):
    file = TokenFile(tmp_path / "t.json")
    threads = [threading.Thread(target=file.create, args=(ONE_COURSE,)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(file.users()) == 10
    assert file.path.stat().st_mode & 0o777 == 0o600


def test_a_title_is_kept_whichever_role_it_came_with():
    roles = [("cs1", CourseRole("student", "Computing")), ("cs1", CourseRole("instructor"))]
    assert merge_roles(roles) == {"cs1": CourseRole("instructor", "Computing")}
