"""What a student sees of feedback: that there is some, that it is here, that it changed."""

from __future__ import annotations

import pytest
from support.people.classroom import give_feedback, listed_lines, make_feedback
from support.people.front_ends import assignment_list

from nbexchange.plugin import ExchangeList


@pytest.fixture
def ada(released):
    """With a scratch notebook in her folder, on which nobody gives feedback."""
    released.ada.write("ps1/p1.ipynb")
    released.ada.write("ps1/scratch.ipynb")
    released.ada.nbgrader("submit", "ps1")
    return released.ada


def state(desk):
    *_, line = listed_lines(desk.nbgrader("list", "--cached"))
    return line.partition(" (")[2].rstrip(")")


def attempt_of(desk):
    (group,) = desk.run(ExchangeList, cached=True)
    (info,) = group["submissions"]
    return info


def test_feedback_on_one_of_several_notebooks_is_there_is_fetched_and_is_seen(released, ada):
    assert state(ada) == "no feedback available"
    give_feedback(released, "ada")
    assert state(ada) == "feedback ready to be fetched"
    assert attempt_of(ada)["local_feedback_path"] is None
    ada.nbgrader("fetch_feedback", "ps1")
    assert state(ada) == "feedback already fetched"
    info = attempt_of(ada)
    assert info["local_feedback_path"] == str(ada.home / "ps1" / "feedback" / info["timestamp"])
    assert {n["notebook_id"]: n["has_exchange_feedback"] for n in info["notebooks"]} == {
        "p1": True,
        "scratch": False,
    }


def test_feedback_that_is_only_partly_here_is_still_to_be_fetched(released, ada):
    give_feedback(released, "ada")
    ada.nbgrader("fetch_feedback", "ps1")
    released.teacher.write("feedback/ada/ps1/scratch.html", "also this")
    released.teacher.nbgrader("release_feedback", "ps1")
    assert state(ada) == "feedback ready to be fetched"
    ada.nbgrader("fetch_feedback", "ps1")
    assert state(ada) == "feedback already fetched"


def test_feedback_on_a_notebook_that_was_not_submitted_is_seen_too(released, ada):
    """The instructor put it in, or gave it the name that it should have had."""
    released.teacher.nbgrader("collect", "ps1")
    make_feedback(released.teacher, "ada")
    feedback = released.teacher.home / "feedback" / "ada" / "ps1"
    (feedback / "p1.html").rename(feedback / "P1.html")
    released.teacher.nbgrader("release_feedback", "ps1")
    assert state(ada) == "feedback ready to be fetched"
    ada.nbgrader("fetch_feedback", "ps1")
    assert state(ada) == "feedback already fetched"
    (path,) = (ada.home / "ps1" / "feedback").rglob("P1.html")
    path.write_text("not what was released")
    assert attempt_of(ada)["feedback_updated"] is True


def test_the_assignment_list_offers_it(released, ada):
    give_feedback(released, "ada")
    with assignment_list(ada) as manager:
        *_, group = manager.list_assignments("cs1")["value"]
    (attempt,) = group["submissions"]
    assert (attempt["has_exchange_feedback"], attempt["has_local_feedback"]) == (True, False)
