"""`jupyter nbexchange courses` and `list`: my courses, what is released, and what I submitted."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec
from support.faults.impostor import impostor
from support.people.classroom import make_feedback

from nbexchange.plugin import ExchangeCollect, ExchangeReleaseFeedback
from nbexchange.protocol import Course, Limits, Me


def test_courses_are_those_of_the_person(desks):
    assert desks.teacher.ask("courses").out == "COURSE  ROLE        TITLE\ncs1     instructor  -\n"
    assert desks.outsider.ask("courses", "--json").json == {
        "courses": [{"course_id": "art", "role": "student", "title": None}]
    }


def test_what_comes_from_elsewhere_does_not_reach_the_terminal_as_it_is(desks):
    """A title can be anybody's: it neither moves the cursor nor turns the text around."""
    title = "Art\x1b[2J\r\n\u202etrA"
    me = Me("a\x9bda", "1", [Course("art", "student", title)], Limits(1, 1, 1), datetime.now(UTC))
    with impostor((200, "application/json", msgspec.json.encode(me))) as (url, _):
        desks.ada.url = url
        courses, who = desks.ada.ask("courses"), desks.ada.ask("whoami")
        assert desks.ada.ask("courses", "--json").json["courses"][0]["title"] == title
    assert courses.out.splitlines()[1] == r"art     student  Art\x1b[2J\r\n\u202etrA"
    assert not set("\x1b\r\u202e\x9b") & set(courses.out + who.out)


def test_list_shows_what_is_released_submitted_and_ready(submitted):
    submitted.teacher.run(ExchangeCollect, "ps1")
    make_feedback(submitted.teacher, "ada")
    submitted.teacher.run(ExchangeReleaseFeedback, "ps1")
    (entry,) = submitted.ada.ask("list", "--json").json["assignments"]
    assert (entry["course_id"], entry["assignment_id"], entry["release"]["version"]) == ("cs1", "ps1", 1)
    assert (entry["attempts"], entry["feedback"]) == (1, 1)
    headings, row = submitted.ada.ask("list").out.splitlines()
    assert headings.split("  ")[0] == "COURSE"
    moment = r"20\d\d-\d\d-\d\d \d\d:\d\d UTC"
    assert re.fullmatch(rf"cs1 +ps1 +1 +{moment} +\d+ bytes +1 +{moment} +ready", row)
    assert submitted.ben.ask("list").out.splitlines()[1].endswith("UTC  -")


def test_list_has_times_in_the_format_that_is_configured(submitted):
    zone = ("c.Exchange.timezone = 'Asia/Tokyo'", "c.Exchange.timestamp_format = '%Y-%m-%dT%H:%M %Z'")
    submitted.ada.configure(*zone)
    assert re.search(r"  20\d\d-\d\d-\d\dT\d\d:\d\d JST  ", submitted.ada.ask("list").out)


def test_programs_get_the_exact_times(submitted, people):
    (entry,) = submitted.ada.ask("list", "--json").json["assignments"]
    (stated,) = people.ada.assignments()
    assert entry["release"]["released_at"] == stated["release"]["released_at"]
    assert entry["last_submitted_at"] == stated["submissions"][0]["submitted_at"]


def test_list_is_of_the_course_that_is_asked_for(released):
    assert "You have no course 'art' here" in released.ada.ask("list", "--course=art").err
    assert "ps1" in released.ada.ask("list", "--course=cs1").out


def test_list_says_so_where_there_is_nothing(desks):
    assert desks.ada.ask("list").out == "Nothing is released to you, and you have submitted nothing.\n"
