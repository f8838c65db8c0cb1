"""Lists: who sees what, and every key that nbgrader reads."""

from __future__ import annotations

import json

import pytest
from nbgrader.exchange.abc.exchange import ExchangeError
from support.people.classroom import give_feedback

from nbexchange.plugin import ExchangeFetchAssignment, ExchangeList


def test_released_assignments_are_listed_until_and_after_they_are_fetched(released):
    (info,) = released.ada.run(ExchangeList)
    assert released.ada.messages == ["Released assignments:", "cs1 ps1"]
    assert (info["status"], info["course_id"], info["assignment_id"]) == ("released", "cs1", "ps1")
    assert [notebook["notebook_id"] for notebook in info["notebooks"]] == ["p1"]
    released.ada.run(ExchangeFetchAssignment, "ps1")
    (info,) = released.ada.run(ExchangeList)
    assert info["status"] == "fetched"
    assert info["path"] == str(released.ada.home / "ps1")
    assert info["notebooks"] == [{"notebook_id": "p1", "path": str(released.ada.home / "ps1" / "p1.ipynb")}]


@pytest.mark.parametrize("path_includes_course", [False, True])
def test_already_downloaded_is_said_of_what_is_where_it_was_fetched_to(released, path_includes_course):
    config = {"Exchange": {"path_includes_course": path_includes_course}}
    released.ada.run(ExchangeFetchAssignment, "ps1", config=config)
    released.ada.run(ExchangeList, config=config)
    assert released.ada.messages == ["Released assignments:", "cs1 ps1 (already downloaded)"]
    other = {"Exchange": {"path_includes_course": not path_includes_course}}
    released.ada.run(ExchangeList, config=other)
    assert released.ada.messages == ["Released assignments:", "cs1 ps1"]


def test_lists_narrow_by_course_and_assignment(released):
    assert released.ada.run(ExchangeList, "ps1", course="")
    assert released.ada.run(ExchangeList, "p*", course="c*")
    assert released.ada.run(ExchangeList, "other", course="") == []


@pytest.mark.parametrize("option", ["inbound", "cached"])
def test_a_student_sees_their_own_attempts(submitted, option):
    (group,) = submitted.ada.run(ExchangeList, **{option: True})
    (info,) = group["submissions"]
    assert (group["status"], group["student_id"], group["assignment_id"]) == ("submitted", "ada", "ps1")
    assert submitted.ada.messages == [
        "Submitted assignments:",
        f"cs1 ada ps1 {info['timestamp']} (no feedback available)",
    ]
    json.dumps(group)


def test_an_instructor_sees_the_course_inbound_and_their_own_cached(submitted):
    groups = submitted.teacher.run(ExchangeList, inbound=True)
    assert [group["student_id"] for group in groups] == ["ada", "ben"]
    assert submitted.teacher.run(ExchangeList, cached=True) == []
    (group,) = submitted.teacher.run(ExchangeList, inbound=True, coursedir={"student_id": "b*"})
    assert group["student_id"] == "ben"


def test_inbound_and_cached_together_are_refused(released):
    with pytest.raises(ExchangeError, match="incompatible"):
        released.ada.run(ExchangeList, inbound=True, cached=True)


def test_every_key_that_nbgrader_reads_is_there(submitted):
    give_feedback(submitted, "ada")
    (group,) = submitted.ada.run(ExchangeList, cached=True)
    (info,) = group["submissions"]
    assert set(info) == {
        *("moment", "instant"),  # ours, for the Assignment List
        "course_id",
        "assignment_id",
        "status",
        "path",
        "notebooks",
        "student_id",
        "timestamp",
        "has_local_feedback",
        "has_exchange_feedback",
        "feedback_updated",
        "local_feedback_path",
    }
    (notebook,) = info["notebooks"]
    assert set(notebook) == {
        "notebook_id",
        "path",
        "has_local_feedback",
        "has_exchange_feedback",
        "feedback_updated",
        "local_feedback_path",
    }


def test_a_folder_with_work_in_it_counts_as_fetched(released):
    released.ada.write("ps1/mine.ipynb")
    (info,) = released.ada.run(ExchangeList)
    assert info["status"] == "fetched"
    assert [notebook["notebook_id"] for notebook in info["notebooks"]] == ["mine"]
