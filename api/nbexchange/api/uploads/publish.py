"""What becomes visible when uploads are completed: a rule for each kind.

All of it happens in the transaction of the settlement, under its locks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, func, insert, select, tuple_, update
from sqlalchemy.orm import Session

from nbexchange.api.db.models import Feedback, Release, Submission, Upload
from nbexchange.api.problems import AlreadyReleased, ExchangeProblem, Superseded

Verdicts = dict[int, ExchangeProblem | None]
"""What stands in the way of each upload, by its key; None: nothing."""


class Completion(Protocol):
    """What a rule needs of the settlement that it is part of."""

    session: Session

    def complete(self, uploads: Sequence[Upload]) -> None:
        """Compare and set, and log."""
        ...


def publish_releases(settlement: Completion, uploads: Sequence[Upload]) -> Verdicts:
    """Each becomes the current version, unless a later one is in place or it may not replace one."""
    session = settlement.session
    assignments = {upload.assignment_pk for upload in uploads}
    current = set(
        session.scalars(
            select(Release.assignment_pk).where(Release.assignment_pk.in_(assignments), Release.is_current)
        )
    )
    newest, versions = _newest_releases(session, assignments)
    verdicts: Verdicts = {}
    accepted: list[Upload] = []
    rows = []
    for upload in uploads:
        place = upload.assignment_pk
        verdicts[upload.pk] = _release_objection(upload, newest.get(place, 0), place in current)
        if verdicts[upload.pk] is None:
            accepted.append(upload)
            current.add(place)
            newest[place] = upload.pk
            versions[place] = versions.get(place, 0) + 1
            rows.append({"pk": upload.pk, "assignment_pk": place, "version": versions[place]})
    if accepted:
        replaced = {upload.assignment_pk for upload in accepted}
        _retire(session, Release, Release.assignment_pk.in_(replaced))
        settlement.complete(accepted)
        last = set(newest.values())
        session.execute(insert(Release), [{**row, "is_current": row["pk"] in last} for row in rows])
    return verdicts


def _release_objection(upload: Upload, newest: int, is_released: bool) -> ExchangeProblem | None:
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
    return {place: pk for place, pk, _ in rows}, {place: version for place, _, version in rows}


def publish_submissions(settlement: Completion, uploads: Sequence[Upload]) -> Verdicts:
    """Each becomes the next attempt of its student."""
    session = settlement.session
    rows = session.execute(
        select(Submission.assignment_pk, Submission.student_pk, func.max(Submission.attempt))
        .where(
            Submission.assignment_pk.in_({upload.assignment_pk for upload in uploads}),
            Submission.student_pk.in_({upload.student_pk for upload in uploads}),
        )
        .group_by(Submission.assignment_pk, Submission.student_pk)
    )
    attempts: dict[tuple[int, int | None], int] = {(place, student): last for place, student, last in rows}
    numbered = []
    for upload in uploads:
        series = (upload.assignment_pk, upload.student_pk)
        attempts[series] = attempts.get(series, 0) + 1
        numbered.append(
            {
                "pk": upload.pk,
                "assignment_pk": upload.assignment_pk,
                "student_pk": upload.student_pk,
                "attempt": attempts[series],
            }
        )
    settlement.complete(uploads)
    session.execute(insert(Submission), numbered)
    return {upload.pk: None for upload in uploads}


def publish_feedback(settlement: Completion, uploads: Sequence[Upload]) -> Verdicts:
    """Each becomes the feedback on its notebook, unless one that was begun later is in place."""
    session = settlement.session
    rows = session.scalars(select(Feedback).where(_about(uploads), Feedback.is_current))
    current = {_subject(row): row.pk for row in rows}
    verdicts: Verdicts = {}
    accepted: list[Upload] = []
    for upload in uploads:
        if current.get(_subject(upload), 0) > upload.pk:
            verdicts[upload.pk] = Superseded("Feedback that was begun later is in place.")
            continue
        verdicts[upload.pk] = None
        current[_subject(upload)] = upload.pk
        accepted.append(upload)
    if accepted:
        _retire(session, Feedback, _about(accepted))
        settlement.complete(accepted)
        session.execute(insert(Feedback), [_feedback_row(u, current[_subject(u)] == u.pk) for u in accepted])
    return verdicts


def _subject(row: Upload | Feedback) -> tuple[int, int | None, datetime | None, str | None]:
    """What a feedback is about: no two current ones share it."""
    return (row.assignment_pk, row.student_pk, row.submitted_at, row.notebook_id)


def _about(uploads: Sequence[Upload]) -> ColumnElement[bool]:
    subject = tuple_(Feedback.assignment_pk, Feedback.student_pk, Feedback.submitted_at, Feedback.notebook_id)
    return subject.in_([_subject(upload) for upload in uploads])


def _feedback_row(upload: Upload, is_current: bool) -> dict[str, Any]:
    return {
        "pk": upload.pk,
        "assignment_pk": upload.assignment_pk,
        "student_pk": upload.student_pk,
        "submitted_at": upload.submitted_at,
        "notebook_id": upload.notebook_id,
        "is_current": is_current,
    }


def _retire(session: Session, model: type[Release | Feedback], which: ColumnElement[bool]) -> None:
    session.execute(
        update(model)
        .where(which, model.is_current)
        .values(is_current=False)
        .execution_options(synchronize_session=False)
    )


PUBLISHERS: Mapping[str, Callable[[Completion, Sequence[Upload]], Verdicts]] = {
    "release": publish_releases,
    "submission": publish_submissions,
    "feedback": publish_feedback,
}
