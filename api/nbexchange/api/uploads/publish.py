"""What becomes visible when uploads are completed: a rule for each kind, which says what is to be written.

The rules read under the locks of the transaction that completes; `complete` does the writing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.orm import Session

from nbexchange.api.db.models import Feedback, Release, Submission, Upload
from nbexchange.api.problems import AlreadyReleased, ExchangeProblem, Superseded, TooMuchFeedback

MAX_FEEDBACK = 1000
"""Notebooks of one student's attempts at an assignment that have feedback: their list has all of it."""


@dataclass
class Publication:
    """What completing uploads of one kind writes."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    """The rows to insert, by the keys of the uploads that are completed."""
    refused: dict[int, ExchangeProblem] = field(default_factory=dict)
    """What stands in the way of the other uploads, by their keys."""
    replaced: ColumnElement[bool] | None = None
    """Which current rows are no longer current then; None: the kind has no current row."""


def publish_releases(session: Session, uploads: Sequence[Upload]) -> Publication:
    """Each becomes the current version, unless a later one is there or it may not replace one."""
    assignments = {upload.assignment_pk for upload in uploads}
    current = set(
        session.scalars(
            select(Release.assignment_pk).where(Release.assignment_pk.in_(assignments), Release.is_current)
        )
    )
    newest, versions = _newest_releases(session, assignments)
    publication = Publication()
    for upload in uploads:
        assignment = upload.assignment_pk
        problem = _release_problem(upload, newest.get(assignment, 0), assignment in current)
        if problem is not None:
            publication.refused[upload.pk] = problem
            continue
        current.add(assignment)
        newest[assignment] = upload.pk
        versions[assignment] = versions.get(assignment, 0) + 1
        publication.rows.append(
            {"pk": upload.pk, "assignment_pk": assignment, "version": versions[assignment]}
        )
    for row in publication.rows:
        row["is_current"] = newest[row["assignment_pk"]] == row["pk"]
    publication.replaced = Release.assignment_pk.in_({row["assignment_pk"] for row in publication.rows})
    return publication


def _release_problem(upload: Upload, newest: int, is_released: bool) -> ExchangeProblem | None:
    if newest > upload.pk:
        return Superseded("A release that was begun later was completed before.")
    if is_released and not upload.force:
        return AlreadyReleased("The assignment was released meanwhile.")
    return None


def _newest_releases(session: Session, assignments: Collection[int]) -> tuple[dict[int, int], dict[int, int]]:
    """By assignment, the newest release that was ever completed, and the highest version."""
    rows = session.execute(
        select(Release.assignment_pk, func.max(Release.pk), func.max(Release.version))
        .where(Release.assignment_pk.in_(assignments))
        .group_by(Release.assignment_pk)
    ).all()
    return {row[0]: row[1] for row in rows}, {row[0]: row[2] for row in rows}


def publish_submissions(session: Session, uploads: Sequence[Upload]) -> Publication:
    """Each becomes the next attempt of its student."""
    rows = session.execute(
        select(Submission.assignment_pk, Submission.student_pk, func.max(Submission.attempt))
        .where(
            Submission.assignment_pk.in_({upload.assignment_pk for upload in uploads}),
            Submission.student_pk.in_({upload.student_pk for upload in uploads}),
        )
        .group_by(Submission.assignment_pk, Submission.student_pk)
    )
    attempts: dict[tuple[int, int | None], int] = {
        (assignment, student): last for assignment, student, last in rows
    }
    publication = Publication()
    for upload in uploads:
        series = _series(upload)
        attempts[series] = attempts.get(series, 0) + 1
        publication.rows.append(
            {
                "pk": upload.pk,
                "assignment_pk": upload.assignment_pk,
                "student_pk": upload.student_pk,
                "attempt": attempts[series],
            }
        )
    return publication


def publish_feedback(session: Session, uploads: Sequence[Upload]) -> Publication:
    """Each becomes the feedback on its notebook, unless one that was begun later is there."""
    rows = session.scalars(select(Feedback).where(_is_about(uploads), Feedback.is_current))
    current = {_subject(row): row.pk for row in rows}
    number = _count_feedback(session, uploads)
    publication, accepted = Publication(), []
    for upload in uploads:
        is_new = _subject(upload) not in current
        if current.get(_subject(upload), 0) > upload.pk:
            publication.refused[upload.pk] = Superseded("Feedback that was begun later is there.")
        elif is_new and number[_series(upload)] >= MAX_FEEDBACK:
            publication.refused[upload.pk] = TooMuchFeedback(
                f"There is feedback on {MAX_FEEDBACK} notebooks."
            )
        else:
            number[_series(upload)] += is_new
            current[_subject(upload)] = upload.pk
            accepted.append(upload)
    publication.rows = [_feedback_row(u, is_current=current[_subject(u)] == u.pk) for u in accepted]
    publication.replaced = _is_about(accepted)
    return publication


def _count_feedback(session: Session, uploads: Sequence[Upload]) -> Counter[tuple[int, int | None]]:
    """How much each student has on the assignment; exact under its lock."""
    rows = session.execute(
        select(Feedback.assignment_pk, Feedback.student_pk, func.count())
        .where(
            Feedback.is_current,
            Feedback.assignment_pk.in_({upload.assignment_pk for upload in uploads}),
            Feedback.student_pk.in_({upload.student_pk for upload in uploads}),
        )
        .group_by(Feedback.assignment_pk, Feedback.student_pk)
    )
    return Counter({(assignment, student): number for assignment, student, number in rows})


def _series(upload: Upload) -> tuple[int, int | None]:
    return (upload.assignment_pk, upload.student_pk)


def _subject(row: Upload | Feedback) -> tuple[int, int | None, datetime | None, str | None]:
    """What a feedback is about: no two current ones share it."""
    return (row.assignment_pk, row.student_pk, row.submitted_at, row.notebook_id)


def _is_about(uploads: Sequence[Upload]) -> ColumnElement[bool]:
    subject = tuple_(Feedback.assignment_pk, Feedback.student_pk, Feedback.submitted_at, Feedback.notebook_id)
    return subject.in_([_subject(upload) for upload in uploads])


def _feedback_row(upload: Upload, *, is_current: bool) -> dict[str, Any]:
    return {
        "pk": upload.pk,
        "assignment_pk": upload.assignment_pk,
        "student_pk": upload.student_pk,
        "submitted_at": upload.submitted_at,
        "notebook_id": upload.notebook_id,
        "is_current": is_current,
    }


PUBLISHERS: Mapping[str, Callable[[Session, Sequence[Upload]], Publication]] = {
    "release": publish_releases,
    "submission": publish_submissions,
    "feedback": publish_feedback,
}
