"""What collect asks nbgrader's gradebook, and what it writes there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from nbgrader.api import Gradebook, InvalidEntry, MissingEntry
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SQLAlchemyError

from nbexchange.plugin.failures import TransferFailed
from nbexchange.plugin.messages import say
from nbexchange.protocol import MAX_TEXT, SubmissionRecord, plain_contact, plain_text
from nbexchange.shared.redaction import redact
from nbexchange.shared.terminal import clean


@contextmanager
def open_gradebook(coursedir: CourseDirectory, course_id: str) -> Iterator[Any]:
    """The course's; raises `TransferFailed` where its database does not let itself be used."""
    try:
        with Gradebook(coursedir.db_url, course_id) as gradebook:
            yield gradebook
    except (SQLAlchemyError, InvalidEntry) as error:
        (why, *_) = str(getattr(error, "orig", None) or error).splitlines() or [type(error).__name__]
        raise TransferFailed(say("gradebook", why=clean(redact(why)))) from None


def find_duedate(coursedir: CourseDirectory, course_id: str, assignment_id: str) -> datetime | None:
    """In UTC, without a zone, as nbgrader keeps it. Raises `TransferFailed`."""
    with open_gradebook(coursedir, course_id) as gradebook:
        try:
            duedate: datetime | None = gradebook.find_assignment(assignment_id).duedate
        except MissingEntry:
            duedate = None
    return duedate


def enter_names(coursedir: CourseDirectory, course_id: str, records: Sequence[SubmissionRecord]) -> None:
    """Put the students' names and addresses into the gradebook; what is not known blanks nothing.

    Raises `TransferFailed`.
    """
    contacts = {record.student_id: contact_of(record) for record in records}
    with open_gradebook(coursedir, course_id) as gradebook:
        for student_id, contact in contacts.items():
            if contact and len(student_id) <= MAX_TEXT:  # what the gradebook's column holds
                gradebook.update_or_create_student(student_id, **contact)


def contact_of(record: SubmissionRecord) -> dict[str, Any]:
    """The gradebook's fields, as plain text whatever the service says.

    A full name splits at its last space, and a single word is a first name.
    """
    first, *last = (plain_contact("full_name", record.full_name) or "").rsplit(maxsplit=1) or [""]
    fields = {
        "first_name": plain_text(first),
        "last_name": plain_text("".join(last)),
        "email": plain_contact("email", record.email),
        "lms_user_id": plain_contact("lms_user_id", record.lms_user_id),
    }
    return {name: value for name, value in fields.items() if value}
