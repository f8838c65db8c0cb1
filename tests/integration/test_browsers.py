"""Pages in a browser, whose cookies speak for the person in front of it."""

from __future__ import annotations

import pytest
from support.people.access_scene import contents
from support.people.callers import Caller
from support.servers.in_process import app_of, runtime_of

from nbexchange.api.auth.custom import BaseUserHandler, CustomAuthenticator


class CookieHandler(BaseUserHandler):
    """An installation's own class: who has the cookie is the teacher."""

    def get_current_user(self, request):
        if request.cookies.get("session") != "teachers":
            return None
        return {"name": "teacher", "course_id": "cs1", "course_role": "Instructor"}


@pytest.fixture
def teacher(database, store):
    app = app_of(runtime_of(database, store, CustomAuthenticator(CookieHandler())))
    client = app.test_client()
    client.set_cookie("session", "teachers")
    teacher = Caller("teacher", client, None)
    teacher.release()
    return teacher


SIGNS = [
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Mode": "navigate"},
    {"Origin": "https://hub.example.org"},
    {"Origin": "null"},
    {"Referer": "https://hub.example.org/user/mallory/lab"},
    {"Accept-Language": "en"},
    {"Accept-Language": ""},
    {"Accept-Language": "", "Authorization": "Bearer false"},
    {"Accept-Language": "", "NBExchange-Protocol": "1"},
]


@pytest.mark.parametrize("sent", SIGNS, ids=str)
def test_a_page_purges_nothing_with_the_cookie_of_who_looks_at_it(teacher, database, sent):
    query = {"course_id": "cs1", "assignment_id": "ps1", "purge": "true"}
    before = contents(database)
    answer = teacher.call("DELETE", "assignments", query_string=query, headers=sent)
    assert (answer.status_code, answer.json["type"]) == (403, "browser-refused")
    assert contents(database) == before


def test_a_program_with_that_cookie_is_answered(teacher):
    assert teacher.get("me").json["name"] == "teacher"


def test_a_browser_may_read_what_the_api_is_and_whether_it_is_ready(teacher):
    for path in ("openapi.json", "/readyz"):
        assert teacher.call("GET", path, headers=SIGNS[0]).status_code == 200
