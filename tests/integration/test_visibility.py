"""The rows that a caller may see are theirs by the queries alone, also where no route has refused them before."""

from __future__ import annotations

import pytest

from nbexchange.api.access.identity import CourseRole, Identity
from nbexchange.api.access.visibility import parameters, removable_submissions
from nbexchange.api.assignments.listing import list_assignments
from nbexchange.api.assignments.submissions import list_submissions
from nbexchange.api.db.models import Submission
from nbexchange.api.runtime import Context
from nbexchange.protocol import SubmissionsQuery


@pytest.fixture
def context_of(services):
    def context(name, org_id="1", **roles):
        return Context(
            Identity(name, org_id, {key: CourseRole(role) for key, role in roles.items()}), services
        )

    return context


@pytest.fixture
def full(released):
    """A release, and a submission with feedback."""
    released.teacher.give_feedback(released.ada.submit())
    return released


def listed(context):
    views, _, _ = list_assignments(context, "cs1", None)
    return len(views)


def test_a_course_that_is_not_the_callers_is_an_empty_list(full, context_of):
    assert listed(context_of("ada", cs1="student")) == 1
    assert listed(context_of("ada", cs2="instructor")) == 0
    assert listed(context_of("ada", org_id="2", cs1="instructor")) == 0


def test_the_submissions_of_a_course_are_for_its_graders(full, context_of):
    def attempts(role):
        page = list_submissions(context_of("carol", cs1=role), SubmissionsQuery("cs1"), None)
        return len(page.attempts)

    assert [attempts(role) for role in ("student", "grader", "instructor")] == [0, 1, 1]


def test_what_others_handed_in_is_removed_by_instructors_alone(full, context_of):
    def removable(name, role):
        with context_of(name, cs1=role).read() as transaction:
            statement = removable_submissions(Submission.pk)
            return len(transaction.connection.execute(statement, parameters(transaction.caller)).all())

    assert removable("ada", "student") == removable("carol", "instructor") == 1
    assert removable("carol", "student") == removable("carol", "grader") == 0
