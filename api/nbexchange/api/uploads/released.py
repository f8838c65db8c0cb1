"""Whether the assignment of a batch is released now, and what is said where it is not."""

from __future__ import annotations

from sqlalchemy import bindparam, exists

from nbexchange.api.access.visibility import withdrawn_assignments
from nbexchange.api.db.find_or_create import no_assignment
from nbexchange.api.db.models import Assignment, Release
from nbexchange.api.problems import NotFound, Withdrawn
from nbexchange.api.uploads.batch import Batch

IS_RELEASED = exists().where(Release.assignment_pk == bindparam("assignment_pk"), Release.is_current)


def not_released(batch: Batch) -> NotFound:
    """Says so where it was withdrawn, as all members of the course may know."""
    course_id, assignment_id = batch.request.course_id, batch.request.assignment_id
    withdrawn = withdrawn_assignments(batch.transaction.caller, [course_id])
    row = batch.transaction.session.execute(withdrawn.where(Assignment.pk == batch.assignment.pk)).first()
    return Withdrawn(course_id, assignment_id, row[1]) if row else no_assignment(course_id, assignment_id)
