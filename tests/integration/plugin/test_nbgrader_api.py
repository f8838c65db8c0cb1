"""The real NbGraderAPI, which formgrader makes anew for every request."""

from __future__ import annotations

import pytest
from nbgrader.exchange.abc.exchange import ExchangeError
from support.people.classroom import make_feedback
from support.people.front_ends import formgrader

from nbexchange.plugin import failures
from nbexchange.plugin.service.client import Client

UNREACHABLE = "http://127.0.0.1:1"


def test_a_request_of_formgrader_costs_one_call(released, calls):
    with formgrader(released.teacher) as api:
        assert calls == ["v1/assignments"]
        assert api.exchange_root == f"{released.teacher.url}/services/nbexchange/"
        assert api.exchange_is_functional
        assert api.get_released_assignments() == {"ps1"}
    assert calls == ["v1/assignments"] * 2


def test_assignments_are_released_and_hidden(released):
    released.teacher.write("source/ps1/p1.ipynb")
    with formgrader(released.teacher) as api:
        assert api.get_assignment("ps1")["status"] == "released"
        again = api.release_assignment("ps1")
        assert again["success"] is False
        assert "add --force to overwrite" in again["log"]
        assert api.unrelease("ps1")["success"]
        assert api.get_released_assignments() == set()
        assert api.get_assignment("ps1")["status"] == "draft"
        assert "Released as: cs1 ps1" in api.release_assignment("ps1")["log"]


def test_an_instructor_whom_no_authenticator_enrolled_sees_what_is_released(released):
    """nbgrader's own list asks the authenticator for the courses of `*`, and shows such a person nothing."""
    with formgrader(released.teacher) as api:
        api.authenticator.get_student_courses = lambda _: []
        assert api.get_released_assignments() == {"ps1"}


def test_collect_says_what_it_did_and_takes_newer_work(released):
    with formgrader(released.teacher) as api:
        assert "No submissions" in api.collect("ps1")["log"]
    for content, said in (("first", "Collecting submission"), ("second", "Updating submission")):
        released.ada.write("ps1/p1.ipynb", content)
        released.ada.nbgrader("submit", "ps1")
        with formgrader(released.teacher) as api:
            result = api.collect("ps1")
        assert result["success"]
        assert said in result["log"]
        assert released.teacher.files("submitted/ada/ps1")["p1.ipynb"] == content.encode()


def test_feedback_goes_there_and_back_although_a_keyword_is_misspelt(submitted):
    """`authentictor=` reaches the constructor, and the authenticator does not."""
    submitted.teacher.nbgrader("collect", "ps1")
    for student in ("ada", "ben"):
        make_feedback(submitted.teacher, student)
    with formgrader(submitted.teacher) as api, pytest.deprecated_call(match="authentictor"):
        assert api.release_feedback("ps1", "ada")["success"]
    with formgrader(submitted.ben) as api, pytest.deprecated_call(match="authentictor"):
        result = api.fetch_feedback("ps1", "ben")
    assert result["success"]
    assert not result["value"][0]["submissions"][0]["has_exchange_feedback"]
    with formgrader(submitted.teacher) as api, pytest.deprecated_call(match="authentictor"):
        assert api.release_feedback("ps1")["success"]
    with formgrader(submitted.ben) as api, pytest.deprecated_call(match="authentictor"):
        result = api.fetch_feedback("ps1", "ben")
    (entry,) = result["value"]
    assert (entry["course_id"], entry["assignment_id"]) == ("cs1", "ps1")
    assert entry["submissions"][0]["has_local_feedback"]


def test_a_directory_over_its_limit_is_a_failure_like_others(released):
    released.teacher.configure("c.CourseDirectory.max_dir_size = 1")
    released.teacher.write("release/ps2/data.bin", bytes(1001))
    with formgrader(released.teacher) as api:
        result = api.release_assignment("ps2")
    assert result["success"] is False
    assert "Directory size is too big" in result["error"]


# --- what stands in the way --------------------------------------------------------------------------------


def service_away(patch, desk):
    desk.url = UNREACHABLE


def impossible_address(patch, desk):
    desk.url = "http://[nowhere"


def wrong_token(patch, desk):
    desk.token = "not-a-token"


def refusal(patch, desk):
    def refuse(*_, **__):
        raise failures.ServiceUnreachable("The exchange service is away.")

    patch.setattr(Client, "_call", refuse)


def defect(patch, desk):
    def fail(*_, **__):
        raise KeyError("something")

    patch.setattr(Client, "_call", fail)


FAULTS = [service_away, impossible_address, wrong_token, refusal, defect]


@pytest.fixture
def course(submitted):
    """An instructor's desk at which every action finds what it needs."""
    submitted.teacher.nbgrader("collect", "ps1")
    make_feedback(submitted.teacher, "ada")
    return submitted.teacher


@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_of_the_exchange_stops_formgrader(course, monkeypatch, fault):
    fault(monkeypatch, course)
    with formgrader(course) as api:
        assert api.exchange_missing
        assert "not-a-token" not in api.exchange_root
        assert api.get_released_assignments() == set()
        assert [entry["name"] for entry in api.get_assignments()] == []
        for attempt in (api.release_assignment, api.unrelease, api.collect):
            result = attempt("ps1")
            assert result["success"] is False
            assert "[CRITICAL] " in result["log"]
        with pytest.deprecated_call():
            assert api.release_feedback("ps1", "ada")["success"] is False


@pytest.mark.parametrize("fault", [refusal, defect])
def test_what_nbgrader_does_not_catch_is_at_least_an_exchange_error(course, monkeypatch, fault):
    with formgrader(course) as api:
        fault(monkeypatch, course)
        with pytest.raises(ExchangeError):
            api.get_released_assignments()
        with pytest.deprecated_call(), pytest.raises(ExchangeError):
            api.fetch_feedback("ps1", "ada")
