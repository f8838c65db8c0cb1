"""What has been used of the quotas, counted in the database for all processes.

Every upload counts, also one that came to nothing: beginning, sending and aborting again and again fills the store as
well. The uploads of one call share its `call_id` and their `expires_at`, which is 24 hours after the call.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, func, select

from nbexchange.api.db.models import Assignment, Course, Upload
from nbexchange.api.problems import CourseFull, TooLarge, TooManyBytes, TooManySubmissions
from nbexchange.api.uploads.batch import UPLOAD_LIFETIME, Batch

MINUTE, DAY = timedelta(minutes=1), timedelta(hours=24)


class Usage(NamedTuple):
    """What somebody has used of their quotas for submissions: calls, and bytes."""

    in_a_minute: int
    in_a_day: int
    bytes_in_a_day: int


# --- of a person -------------------------------------------------------------------------------------------


def check_person(batch: Batch, usage: Usage, size: int) -> None:
    """Raise where submissions of `size` bytes together are more than the caller has left."""
    quotas = batch.transaction.runtime.quotas
    if 0 < quotas.submissions_per_minute <= usage.in_a_minute:
        _refuse_call(batch, quotas.submissions_per_minute, MINUTE)
    if 0 < quotas.submissions_per_day <= usage.in_a_day:
        _refuse_call(batch, quotas.submissions_per_day, DAY)
    if 0 < quotas.submitted_bytes_per_day < usage.bytes_in_a_day + size:
        _refuse_bytes(batch, size, quotas.submitted_bytes_per_day)


def _begun_within(window: timedelta, batch: Batch) -> ColumnElement[bool]:
    return and_(
        Upload.actor_pk == batch.actor.pk,
        Upload.kind == "submission",
        Upload.expires_at > batch.expires_at - window,
    )


def _refuse_call(batch: Batch, limit: int, window: timedelta) -> None:
    """There is room when the first of the last `limit` calls is no longer within the window."""
    ends = func.max(Upload.expires_at)
    newest_first = (
        select(ends).where(_begun_within(window, batch)).group_by(Upload.call_id).order_by(ends.desc())
    )
    first = batch.transaction.connection.execute(newest_first.offset(limit - 1).limit(1)).scalar_one()
    wait = _seconds_until(first - UPLOAD_LIFETIME + window, batch)
    raise TooManySubmissions(
        f"You have begun {limit} submissions within {_in_words(window)}, as many as are allowed, and may begin the "
        f"next in {_in_words(timedelta(seconds=wait))}.",
        limit=limit,
        retry_after=wait,
    )


def _refuse_bytes(batch: Batch, size: int, limit: int) -> None:
    """There is room when so many calls are more than a day ago that the later ones leave enough."""
    if size > limit:
        raise TooLarge(
            f"This is {size} bytes together, and {limit} may be submitted within a day.", limit=limit
        )
    since = func.sum(Upload.size).over(order_by=Upload.expires_at.desc())
    calls = select(Upload.expires_at, since.label("since")).where(_begun_within(DAY, batch)).subquery()
    blocking = select(func.max(calls.c.expires_at)).where(calls.c.since > limit - size)
    last = batch.transaction.connection.execute(blocking).scalar_one()
    wait = _seconds_until(last - UPLOAD_LIFETIME + DAY, batch)
    raise TooManyBytes(
        f"This is {size} bytes, and of the {limit} that you may submit within a day that much will be left in "
        f"{_in_words(timedelta(seconds=wait))}.",
        limit=limit,
        retry_after=wait,
    )


def _seconds_until(instant: datetime, batch: Batch) -> int:
    return max(1, ceil((instant - batch.now).total_seconds()))


def _in_words(span: timedelta) -> str:
    """Roughly, and never less than it is."""
    for name, unit in (("hours", 3600), ("minutes", 60)):
        if span.total_seconds() > 2 * unit:
            return f"{ceil(span.total_seconds() / unit)} {name}"
    return f"{ceil(span.total_seconds())} seconds"


# --- of a course -------------------------------------------------------------------------------------------


def check_course(batch: Batch, size: int) -> None:
    """Raise where the course has no room: what garbage collection has not deleted counts.

    Uploads of one course take turns here, so that two at once do not both get the last of it.
    """
    limit = batch.transaction.runtime.quotas.course_bytes
    if not limit:
        return
    connection, course_pk = batch.transaction.connection, batch.assignment.course_pk
    connection.execute(select(Course.pk).where(Course.pk == course_pk).with_for_update(key_share=True))
    stored = (
        select(func.coalesce(func.sum(Upload.size), 0))
        .join(Assignment, Upload.assignment_pk == Assignment.pk)
        .where(Assignment.course_pk == course_pk, Upload.sweeps == 0)
    )
    if connection.execute(stored).scalar_one() + size > limit:
        raise CourseFull(
            f"There is no room left in {batch.request.course_id} for these {size} bytes: it may store {limit}.",
            limit=limit,
        )
