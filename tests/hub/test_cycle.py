"""An assignment's way through a real hub, by the calls that nbgrader's own pages make."""

from __future__ import annotations

import pytest
import requests
from support.hub.classroom_hub import done, release, submit
from support.hub.hub import DEADLINE
from support.hub.hub_config import GRADER, INSTRUCTOR, PEOPLE, STUDENTS

from nbexchange.demo.course import COURSE, NOTEBOOK, write_source

ADA, BEN = STUDENTS


def test_an_assignment_goes_round(hub):
    teacher, ada = hub.server(INSTRUCTOR), hub.server(ADA)
    release(hub, "round")
    assert ada.shown("round", "released")["notebooks"][0]["notebook_id"] == NOTEBOOK.removesuffix(".ipynb")
    for name in STUDENTS:
        submit(hub, name, "round")
    done(teacher.formgrader("collect", "round"))
    for name in STUDENTS:
        done(teacher.autograde("round", name))
    submissions = teacher.call("GET", "formgrader/api/submissions/round")
    assert {s["student"]: s["score"] for s in submissions} == {ADA: 5.0, BEN: 0.0}
    for action in ("generate_feedback", "release_feedback"):
        done(teacher.formgrader(action, "round"))
    done(ada.act("fetch_feedback", "round"))
    (attempt,) = ada.shown("round", "submitted")["submissions"]
    page = ada.home / attempt["local_feedback_path"] / "squares.html"
    assert "Score: 5.0 / 5.0" in page.read_text()
    recorded = [(a["action"], a["actor"]) for a in hub.history(course_id=COURSE, assignment_id="round")]
    assert sorted(recorded) == sorted(
        [
            ("released", INSTRUCTOR),
            *(("fetched", name) for name in STUDENTS),
            *(("submitted", name) for name in STUDENTS),
            *(("submission_fetched", INSTRUCTOR) for _ in STUDENTS),
            *(("collected", INSTRUCTOR) for _ in STUDENTS),
            *(("feedback_released", INSTRUCTOR) for _ in STUDENTS),
            ("feedback_fetched", ADA),
        ]
    )


def test_the_exchange_takes_each_server_for_its_owner_in_the_role_of_their_group(hub):
    """All of them run as one user of the operating system, whom nbgrader would take for the student."""
    roles = {name: me(hub, hub.server(name).exchange_token) for name in PEOPLE}
    assert roles == {
        INSTRUCTOR: (INSTRUCTOR, {COURSE: "instructor"}),
        GRADER: (GRADER, {COURSE: "grader"}),
        ADA: (ADA, {COURSE: "student"}),
        BEN: (BEN, {COURSE: "student"}),
    }


def me(hub, token):
    reply = ask_me(hub, token)
    assert reply.ok, reply.text
    identity = reply.json()
    return identity["name"], {course["course_id"]: course["role"] for course in identity["courses"]}


def ask_me(hub, token):
    return requests.get(
        f"{hub.exchange_url}v1/me", headers={"Authorization": f"token {token}"}, timeout=DEADLINE
    )


def test_a_grader_collects_and_releases_feedback_and_is_told_who_may_release(external):
    release(external, "graded")
    submit(external, ADA, "graded")
    grader = external.server(GRADER)
    write_source(grader.home, "graded")
    done(grader.formgrader("assign", "graded"))
    refused = grader.formgrader("release", "graded")
    assert refused["success"] is False
    assert "Ask an instructor of the course to do it." in " ".join(refused["log"].split())
    done(grader.formgrader("collect", "graded"))
    done(grader.autograde("graded", ADA))
    for action in ("generate_feedback", "release_feedback"):
        done(grader.formgrader(action, "graded"))
    ada = external.server(ADA)
    done(ada.act("fetch_feedback", "graded"))
    assert ada.shown("graded", "submitted")["submissions"][0]["has_local_feedback"] is True
    log = external.history(course_id=COURSE, assignment_id="graded")
    by_the_grader = {entry["action"] for entry in log if entry["actor"] == GRADER}
    assert by_the_grader == {"submission_fetched", "collected", "feedback_released"}


def test_a_grader_sees_in_the_list_what_students_do_not(external):
    release(external, "inbound")
    submit(external, ADA, "inbound")
    asked = {"course_id": COURSE, "assignment_id": "inbound"}
    url = f"{external.exchange_url}v1/submissions"

    def answer(name):
        headers = {"Authorization": f"token {external.server(name).exchange_token}"}
        return requests.get(url, params=asked, headers=headers, timeout=DEADLINE)

    assert [submission["student_id"] for submission in answer(GRADER).json()["submissions"]] == [ADA]
    assert answer(BEN).status_code == 403


def test_a_servers_token_as_hubs_make_them_is_refused_with_the_lines_that_let_it_in(external):
    """Of a hub whose operator has not written the page's lines, every server's token is like this one."""
    usual = [f"access:servers!server={ADA}/", f"users:activity!user={ADA}"]
    refused = ask_me(external, external.new_token(ADA, scopes=usual)["token"])
    assert refused.status_code == 403
    detail = refused.json()["detail"]
    assert "c.JupyterHub.load_roles" in detail
    assert "c.Spawner.server_token_scopes" in detail
    assert "access:services!service=nbexchange" in detail


@pytest.mark.parametrize("token", ["", "unknown"])
def test_nobody_is_who_has_no_token_of_the_hub(hub, token):
    assert ask_me(hub, token).status_code == 401
