"""A batch of uploads while it is begun: the request, and the rows that its rules rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from nbexchange.api.access.permissions import may_act_for_students, may_name_students
from nbexchange.api.db.find_or_create import (
    AssignmentRow,
    PersonRow,
    find_assignment,
    find_or_create_assignment,
)
from nbexchange.api.problems import InvalidRequest
from nbexchange.api.runtime import Transaction
from nbexchange.protocol import InitiateUploads, is_id, is_path_component

UPLOAD_LIFETIME = timedelta(hours=24)
"""How long after initiate an upload can still be completed by its owner."""


@dataclass(frozen=True)
class Batch:
    """Uploads of one kind for one assignment, with rows that are locked until the transaction ends."""

    transaction: Transaction
    request: InitiateUploads
    people: Mapping[str, PersonRow]
    """The caller and the students that the items name."""
    actor: PersonRow
    assignment: AssignmentRow
    by_instructor: bool
    """Whether the caller is an instructor of the course now."""
    now: datetime
    expires_at: datetime
    """When the uploads end that begin now."""
    call_id: UUID = field(default_factory=uuid4)


def lock_batch(transaction: Transaction, request: InitiateUploads) -> Batch:
    """Find, or create, and lock what a batch is about; its instant is read under the locks of the people.

    Raises for what is wrong with all items.
    """
    _check(request)
    caller = transaction.caller
    people = transaction.lock_people(_named_students(transaction, request))
    actor = people[caller.name]
    by_instructor = may_act_for_students(caller, request.course_id)
    assignment = _lock_assignment(transaction, actor.org_pk, request, may_create=by_instructor)
    now = assignment.now
    return Batch(transaction, request, people, actor, assignment, by_instructor, now, now + UPLOAD_LIFETIME)


def _check(request: InitiateUploads) -> None:
    if not is_path_component(request.assignment_id) or "+" in request.assignment_id:
        raise InvalidRequest("This cannot be an assignment's id.")
    if len({item.id for item in request.items}) < len(request.items):
        raise InvalidRequest("Two items have the same id.")


def _named_students(transaction: Transaction, request: InitiateUploads) -> set[str]:
    if not may_name_students(transaction.caller, request.kind, request.course_id):
        return set()
    names = {item.student_id for item in request.items if item.student_id}
    return {name for name in names if is_id(name)}


def _lock_assignment(
    transaction: Transaction, org_pk: int, request: InitiateUploads, *, may_create: bool
) -> AssignmentRow:
    """An instructor's release creates it, and so does feedback on no submission of this exchange."""
    connection = transaction.connection
    is_first = request.kind == "release" or (
        request.kind == "feedback" and all(item.submission_id is None for item in request.items)
    )
    if is_first and may_create:
        title = transaction.caller.courses[request.course_id].title
        return find_or_create_assignment(connection, org_pk, request.course_id, request.assignment_id, title)
    return find_assignment(connection, org_pk, request.course_id, request.assignment_id)
