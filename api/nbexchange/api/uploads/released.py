"""Whether the assignment of a batch is released now, and what is said where it is not."""

from __future__ import annotations

from sqlalchemy import bindparam, exists, select

from nbexchange.api.access.visibility import IN_COURSES, IS_WITHDRAWN, WITHDRAWN_AT, parameters
from nbexchange.api.db.find_or_create import no_assignment
from nbexchange.api.db.models import Assignment, Course, Release
from nbexchange.api.db.prepared import Prepared
from nbexchange.api.problems import NotFound, Withdrawn
from nbexchange.api.uploads.batch import Batch

IS_RELEASED = exists().where(Release.assignment_pk == bindparam("assignment_pk"), Release.is_current)


WITHDRAWN = Prepared(
    select(WITHDRAWN_AT)
    .select_from(Assignment)
    .join(Course, Assignment.course_pk == Course.pk)
    .where(IN_COURSES, IS_WITHDRAWN, Assignment.pk == bindparam("assignment_pk"))
)


def not_released(batch: Batch) -> NotFound:
    """Says so where it was withdrawn, as all members of the course may know."""
    course_id, assignment_id = batch.request.course_id, batch.request.assignment_id
    transaction = batch.transaction
    asked = {**parameters(transaction.caller, [course_id]), "assignment_pk": batch.assignment.pk}
    at = WITHDRAWN.fetch_value(transaction.connection, asked)
    return Withdrawn(course_id, assignment_id, at) if at else no_assignment(course_id, assignment_id)
