"""What people of a hub do with an assignment before the part that a test is about."""

from __future__ import annotations

from typing import Any

from nbexchange.demo import course
from support.hub.hub import Hub
from support.hub.hub_config import INSTRUCTOR, STUDENTS

GOOD = STUDENTS[0]
"""Whose answers are right."""


def done(answer: Any) -> Any:
    """What an extension of nbgrader's answered, which has to be a success."""
    assert answer["success"], answer
    return answer


def release(hub: Hub, assignment: str) -> None:
    """The instructor generates the students' version and releases it, in Formgrader."""
    teacher = hub.server(INSTRUCTOR)
    course.write_source(teacher.home, assignment)
    for action in ("assign", "release"):
        done(teacher.formgrader(action, assignment))


def submit(hub: Hub, name: str, assignment: str) -> None:
    """A student fetches the assignment, answers it and hands it in, in the Assignment List."""
    student = hub.server(name)
    done(student.act("fetch", assignment))
    code = "return sum(n * n for n in numbers)" if name == GOOD else "return 0"
    course.answer(student.home, code, assignment)
    done(student.act("submit", assignment))


def give_feedback(hub: Hub, name: str, assignment: str) -> None:
    """The instructor collects, autogrades and releases feedback to the student, in Formgrader."""
    teacher = hub.server(INSTRUCTOR)
    done(teacher.formgrader("collect", assignment))
    done(teacher.autograde(assignment, name))
    for action in ("generate_feedback", "release_feedback"):
        done(teacher.formgrader(action, assignment))
