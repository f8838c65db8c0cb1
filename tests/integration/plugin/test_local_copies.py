"""What the Assignment List shows while the exchange is away: what was fetched, and why there is no more."""

from __future__ import annotations

import pytest
from support.people.jupyter_server import manager_of

from nbexchange.plugin import ExchangeFetchAssignment, ExchangeReleaseAssignment
from nbexchange.plugin.service.client import Client

AWAY = "http://127.0.0.1:1"


@pytest.fixture
def fetched(released):
    """Ada has fetched `ps1` of cs1; beside it are a copy of it, something of another course, and something else."""
    released.ada.run(ExchangeFetchAssignment, "ps1")
    origin = (released.ada.home / "ps1" / ".nbexchange.json").read_bytes()
    released.ada.write("ps1 old/.nbexchange.json", origin)
    released.ada.write("essay/.nbexchange.json", '{"course_id": "art", "assignment_id": "essay"}')
    released.ada.write("notes/p1.ipynb")
    return released


def shown(answer):
    assert answer["success"], answer["value"]
    return answer["value"]


def test_what_was_fetched_is_shown_below_the_reason_why_there_is_no_more(fetched, monkeypatch):
    with manager_of(fetched.ada) as ada:
        listed = shown(ada.show_assignments("cs1"))
        assert [entry["status"] for entry in listed] == ["fetched"]
        monkeypatch.setenv("NBEXCHANGE_URL", AWAY)
        line, *copies = shown(ada.show_assignments("cs1"))
    assert copies == listed
    assert copies[0]["notebooks"] == [{"notebook_id": "p1", "path": "ps1/p1.ipynb"}]
    assert (line["status"], line["course_id"], line["notebooks"]) == ("released", "cs1", [])
    assert line["assignment_id"].startswith(
        "The exchange service at 127.0.0.1:1 cannot be reached. Nothing was changed: try again in a minute."
    )
    assert line["assignment_id"].endswith("\nBelow is what you have fetched. The button asks again.")


def test_its_button_asks_again(fetched, monkeypatch):
    with manager_of(fetched.ada) as ada:
        with monkeypatch.context() as patch:
            patch.setenv("NBEXCHANGE_URL", AWAY)
            line, *_ = shown(ada.show_assignments("cs1"))
            line, *_ = shown(ada.act("fetch", "cs1", line["assignment_id"]))
        (entry,) = shown(ada.act("fetch", "cs1", line["assignment_id"]))
    assert (entry["assignment_id"], entry["status"]) == ("ps1", "fetched")


def test_a_fetch_that_fails_hides_nothing_where_the_exchange_is_away(fetched, monkeypatch):
    with manager_of(fetched.ada) as ada:
        listed = shown(ada.show_assignments("cs1"))
        assert shown(ada.act("fetch", "cs1", "ps9"))[1:] == listed
        monkeypatch.setenv("NBEXCHANGE_URL", AWAY)
        for action in ("fetch", "fetch_feedback"):
            line, *copies = shown(ada.act(action, "cs1", "ps9"))
            assert line["assignment_id"].startswith("The exchange service at 127.0.0.1:1 cannot be reached.")
            assert copies == listed
        assert ada.act("submit", "cs1", "ps1")["success"] is False


def test_the_menu_has_the_courses_of_what_was_fetched(fetched):
    fetched.ada.url = AWAY
    with manager_of(fetched.ada) as ada:
        assert shown(ada.show_courses()) == ["cs1"]
        fetched.ada.configure("c.CourseDirectory.course_id = '*'")
        assert shown(ada.show_courses()) == ["art", "cs1"]
        assert [entry["assignment_id"] for entry in shown(ada.show_assignments("art"))[1:]] == ["essay"]


def test_each_course_may_have_a_folder_of_its_own(released, monkeypatch):
    released.ada.configure("c.Exchange.path_includes_course = True")
    with manager_of(released.ada) as ada:
        listed = shown(ada.act("fetch", "cs1", "ps1"))
        monkeypatch.setenv("NBEXCHANGE_URL", AWAY)
        assert shown(ada.show_assignments("cs1"))[1:] == listed
    assert listed[0]["path"] == "cs1/ps1"


def test_where_nothing_was_fetched_the_reason_is_all(released):
    released.ada.url = AWAY
    with manager_of(released.ada) as ada:
        for answer in (ada.show_courses(), ada.show_assignments("cs1")):
            assert answer["success"] is False
            assert answer["value"].startswith("The exchange service at 127.0.0.1:1 cannot be reached.")


def test_what_nbgrader_itself_fails_at_is_told_as_nbgrader_does(fetched, monkeypatch):
    monkeypatch.setattr("nbgrader.server_extensions.assignment_list.handlers.CourseDirectory", None)
    with manager_of(fetched.ada) as ada:
        answer = ada.show_assignments("cs1")
    assert answer["success"] is False
    assert answer["value"].startswith("Traceback")


def test_a_submission_that_arrived_is_not_told_as_a_list_that_did_not(fetched, monkeypatch):
    """The list alone fails: what was done is said, as where nothing was fetched."""

    def fail(*_, **__):
        monkeypatch.setenv("NBEXCHANGE_URL", AWAY)
        return {"success": True}

    with manager_of(fetched.ada) as ada:
        monkeypatch.setattr(ada, "submit_assignment", fail)
        answer = ada.act("submit", "cs1", "ps1")
    assert answer["success"] is False
    assert answer["value"].startswith("Your work HAS been submitted")


def test_no_question_is_asked_about_what_is_here(fetched, calls, monkeypatch):
    monkeypatch.setattr(Client, "me", None)
    with manager_of(fetched.ada) as ada, ada.exchange_list("cs1") as exchange_list:
        assert len(exchange_list.local_copies()) == 1
    assert calls == []


def test_a_release_is_still_offered_to_those_who_have_no_copy(fetched):
    fetched.teacher.write("release/ps2/p1.ipynb")
    fetched.teacher.run(ExchangeReleaseAssignment, "ps2")
    with manager_of(fetched.ada) as ada:
        states = {entry["assignment_id"]: entry["status"] for entry in shown(ada.show_assignments("cs1"))}
    assert states == {"ps1": "fetched", "ps2": "released"}
