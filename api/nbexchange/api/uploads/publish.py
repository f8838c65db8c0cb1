"""What becomes visible when uploads are completed: a rule for each kind, which reads and writes under the locks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter, eq
from typing import Any

from sqlalchemy import (
    Connection,
    and_,
    func,
    insert,
    literal,
    select,
    update,
)

from nbexchange.api.db.columns import as_indexed
from nbexchange.api.db.in_list import in_list
from nbexchange.api.db.inserts import insert_rows
from nbexchange.api.db.models import Feedback, Release, Submission, Upload
from nbexchange.api.db.prepared import Prepared
from nbexchange.api.db.upload_rows import UploadRow
from nbexchange.api.problems import AlreadyReleased, ExchangeProblem, Superseded, TooMuchFeedback

MAX_FEEDBACK = 1000
"""Notebooks of one student's attempts at an assignment that have feedback: their list has all of it."""


@dataclass
class Publication:
    """What became of uploads of one kind, by their keys."""

    published: dict[int, UploadRow] = field(default_factory=dict)
    """As what they are visible now."""
    refused: dict[int, ExchangeProblem] = field(default_factory=dict)
    """What stands in the way of the others."""


# --- releases -----------------------------------------------------------------------------------------------

RELEASES = Prepared(
    select(
        Release.assignment_pk,
        func.max(Release.pk).label("newest"),
        func.max(Release.version).label("version"),
        func.count().filter(Release.is_current).label("current"),
    )
    .where(in_list(Release.assignment_pk, "assignments"))
    .group_by(Release.assignment_pk)
)
"""By assignment, the newest release that was ever completed, the highest version, and whether one is current."""


def publish_releases(connection: Connection, uploads: Sequence[UploadRow]) -> Publication:
    """Each becomes the current version, unless a later one is there or it may not replace one."""
    assignments = {upload.assignment_pk for upload in uploads}
    before = {
        row.assignment_pk: row for row in RELEASES.fetch(connection, {"assignments": list(assignments)})
    }
    newest = {pk: before[pk].newest if pk in before else 0 for pk in assignments}
    versions = {pk: before[pk].version if pk in before else 0 for pk in assignments}
    released = {pk for pk, row in before.items() if row.current}
    publication = Publication()
    for upload in uploads:
        pk = upload.assignment_pk
        if problem := _release_problem(upload, newest[pk], pk in released):
            publication.refused[upload.pk] = problem
            continue
        newest[pk], versions[pk] = upload.pk, versions[pk] + 1
        released.add(pk)
        publication.published[upload.pk] = upload._replace(version=versions[pk])
    _write_releases(connection, list(publication.published.values()), newest)
    return publication


def _write_releases(connection: Connection, uploads: Sequence[UploadRow], newest: Mapping[int, int]) -> None:
    if not uploads:
        return
    is_replaced = and_(Release.assignment_pk.in_({u.assignment_pk for u in uploads}), Release.is_current)
    connection.execute(update(Release).where(is_replaced).values(is_current=False))
    rows = [
        {
            "pk": upload.pk,
            "assignment_pk": upload.assignment_pk,
            "version": upload.version,
            "is_current": newest[upload.assignment_pk] == upload.pk,
        }
        for upload in uploads
    ]
    insert_rows(connection, Release, rows)


def _release_problem(upload: UploadRow, newest: int, is_released: bool) -> ExchangeProblem | None:
    if newest > upload.pk:
        return Superseded("A release that was begun later was completed before.")
    if is_released and not upload.force:
        return AlreadyReleased("The assignment was released meanwhile.")
    return None


# --- submissions --------------------------------------------------------------------------------------------

LAST_ATTEMPT = (
    select(func.max(Submission.attempt))
    .where(Submission.assignment_pk == Upload.assignment_pk, Submission.student_pk == Upload.student_pk)
    .scalar_subquery()
)
PLACE_IN_CALL = func.row_number().over(
    partition_by=(Upload.assignment_pk, Upload.student_pk), order_by=Upload.pk
)
NEXT_ATTEMPTS = Prepared(
    insert(Submission)
    .from_select(
        ["pk", "assignment_pk", "student_pk", "attempt", "hidden_from_course", "hidden_from_owner"],
        select(
            Upload.pk,
            Upload.assignment_pk,
            Upload.student_pk,
            func.coalesce(LAST_ATTEMPT, 0) + PLACE_IN_CALL,
            literal(False),
            literal(False),
        ).where(in_list(Upload.pk, "pks")),
    )
    .returning(Submission.pk, Submission.attempt)
)


def publish_submissions(connection: Connection, uploads: Sequence[UploadRow]) -> Publication:
    """Each becomes the next attempt of its student."""
    rows = NEXT_ATTEMPTS.fetch(connection, {"pks": [upload.pk for upload in uploads]})
    attempts = {row.pk: row.attempt for row in rows}
    return Publication({upload.pk: upload._replace(attempt=attempts[upload.pk]) for upload in uploads})


# --- feedback -----------------------------------------------------------------------------------------------

SERIES = attrgetter("assignment_pk", "student_pk")
SUBJECT = attrgetter("assignment_pk", "student_pk", "submitted_at", "notebook_id")
"""What a feedback is about: no two current ones share it."""


CURRENT = Prepared(
    select(Feedback.pk, *SUBJECT(Feedback))
    .join(Upload, and_(*map(eq, SUBJECT(Feedback), SUBJECT(Upload))))
    .where(in_list(Upload.pk, "pks"), as_indexed(Feedback.is_current))
)
"""What there is on the subjects of these uploads."""
NUMBERS = Prepared(
    select(*SERIES(Feedback), func.count())
    .where(
        as_indexed(Feedback.is_current),
        in_list(Feedback.assignment_pk, "assignments"),
        in_list(Feedback.student_pk, "students"),
    )
    .group_by(*SERIES(Feedback))
)
REPLACE = Prepared(update(Feedback).where(in_list(Feedback.pk, "pks")).values(is_current=False))


def publish_feedback(connection: Connection, uploads: Sequence[UploadRow]) -> Publication:
    """Each becomes the feedback on its notebook, unless one that was begun later is there."""
    rows = CURRENT.fetch(connection, {"pks": [upload.pk for upload in uploads]})
    before = {SUBJECT(row): row.pk for row in rows}
    current, number = dict(before), _count_feedback(connection, uploads)
    publication = Publication()
    for upload in uploads:
        if problem := _feedback_problem(upload, current, number):
            publication.refused[upload.pk] = problem
        else:
            number[SERIES(upload)] += SUBJECT(upload) not in current
            current[SUBJECT(upload)] = upload.pk
            publication.published[upload.pk] = upload
    if replaced := [pk for subject, pk in before.items() if current[subject] != pk]:
        REPLACE.run(connection, {"pks": replaced})
    accepted = publication.published.values()
    insert_rows(connection, Feedback, [_feedback_row(upload, current) for upload in accepted])
    return publication


def _feedback_problem(
    upload: UploadRow, current: Mapping[tuple[Any, ...], int], number: Counter[tuple[int, int | None]]
) -> ExchangeProblem | None:
    if current.get(SUBJECT(upload), 0) > upload.pk:
        return Superseded("Feedback that was begun later is there.")
    if SUBJECT(upload) not in current and number[SERIES(upload)] >= MAX_FEEDBACK:
        return TooMuchFeedback(f"There is feedback on {MAX_FEEDBACK} notebooks.")
    return None


def _count_feedback(connection: Connection, uploads: Sequence[UploadRow]) -> Counter[tuple[int, int | None]]:
    """How much each student has on the assignment; exact under its lock."""
    asked = {
        "assignments": list({upload.assignment_pk for upload in uploads}),
        "students": list({upload.student_pk for upload in uploads}),
    }
    return Counter({(row[0], row[1]): row[2] for row in NUMBERS.fetch(connection, asked)})


def _feedback_row(upload: UploadRow, current: Mapping[tuple[Any, ...], int]) -> dict[str, Any]:
    return {
        "pk": upload.pk,
        "assignment_pk": upload.assignment_pk,
        "student_pk": upload.student_pk,
        "submitted_at": upload.submitted_at,
        "notebook_id": upload.notebook_id,
        "is_current": current[SUBJECT(upload)] == upload.pk,
    }


PUBLISHERS: Mapping[str, Callable[[Connection, Sequence[UploadRow]], Publication]] = {
    "release": publish_releases,
    "submission": publish_submissions,
    "feedback": publish_feedback,
}
