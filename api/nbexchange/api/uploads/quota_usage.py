"""What has been used of the quotas, counted in the database for all processes.

Whatever came of an upload, it counts: who begins, sends and gives up again and again fills the store as well. The
items of one call share their `expires_at`, and no two calls of one person have the same, since they take turns under
that person's lock: as many distinct ones as there are, so many calls were made, however many items each had.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import ColumnElement, and_, distinct, func, select

from nbexchange.api.db.models import Assignment, Course, Upload
from nbexchange.api.problems import CourseFull, TooLarge, TooManyBytes, TooManySubmissions
from nbexchange.api.uploads.rules import UPLOAD_LIFETIME, Occasion

MINUTE, DAY = timedelta(minutes=1), timedelta(hours=24)


def check_usage(occasion: Occasion, sizes: Iterable[int]) -> None:
    """Raise where uploads of these sizes are more than the caller or the course has left."""
    size = sum(sizes)
    if occasion.batch.kind == "submission":
        _check_person(occasion, size)
    if occasion.quotas.course_bytes:
        _check_course(occasion, size, occasion.quotas.course_bytes)


# --- of a person -------------------------------------------------------------------------------------------


def _check_person(occasion: Occasion, size: int) -> None:
    quotas = occasion.quotas
    call = distinct(Upload.expires_at)
    in_a_minute, in_a_day, submitted = occasion.session.execute(
        select(
            func.count(call).filter(Upload.expires_at > occasion.expires_at - MINUTE),
            func.count(call),
            func.coalesce(func.sum(Upload.size), 0),
        ).where(_begun_within(DAY, occasion))
    ).one()
    if 0 < quotas.submissions_per_minute <= in_a_minute:
        _refuse_call(occasion, quotas.submissions_per_minute, MINUTE)
    if 0 < quotas.submissions_per_day <= in_a_day:
        _refuse_call(occasion, quotas.submissions_per_day, DAY)
    if 0 < quotas.submitted_bytes_per_day < submitted + size:
        _refuse_bytes(occasion, size, quotas.submitted_bytes_per_day)


def _begun_within(window: timedelta, occasion: Occasion) -> ColumnElement[bool]:
    return and_(
        Upload.actor_pk == occasion.actor.pk,
        Upload.kind == "submission",
        Upload.expires_at > occasion.expires_at - window,
    )


def _refuse_call(occasion: Occasion, limit: int, window: timedelta) -> None:
    """There is room when the first of the last `limit` calls is no longer within the window."""
    calls = select(Upload.expires_at).where(_begun_within(window, occasion)).distinct()
    newest_first = calls.order_by(Upload.expires_at.desc())
    first = occasion.session.scalars(newest_first.offset(limit - 1).limit(1)).one()
    wait = _seconds_until(first - UPLOAD_LIFETIME + window, occasion)
    raise TooManySubmissions(
        f"You have begun {limit} submissions within {_in_words(window)}, as many as are allowed, and may begin the "
        f"next in {_in_words(timedelta(seconds=wait))}.",
        limit=limit,
        retry_after=wait,
    )


def _refuse_bytes(occasion: Occasion, size: int, limit: int) -> None:
    """There is room when so many calls are more than a day ago that the later ones leave enough."""
    if size > limit:
        raise TooLarge(
            f"This is {size} bytes together, and {limit} may be submitted within a day.", limit=limit
        )
    since = func.sum(Upload.size).over(order_by=Upload.expires_at.desc())
    calls = select(Upload.expires_at, since.label("since")).where(_begun_within(DAY, occasion)).subquery()
    in_the_way = select(func.max(calls.c.expires_at)).where(calls.c.since > limit - size)
    last = occasion.session.scalars(in_the_way).one()
    wait = _seconds_until(last - UPLOAD_LIFETIME + DAY, occasion)
    raise TooManyBytes(
        f"This is {size} bytes, and of the {limit} that you may submit within a day that much will be left in "
        f"{_in_words(timedelta(seconds=wait))}.",
        limit=limit,
        retry_after=wait,
    )


def _seconds_until(instant: datetime, occasion: Occasion) -> int:
    return max(1, ceil((instant - occasion.now).total_seconds()))


def _in_words(span: timedelta) -> str:
    """Roughly, and never less than it is."""
    for name, unit in (("hours", 3600), ("minutes", 60)):
        if span.total_seconds() > 2 * unit:
            return f"{ceil(span.total_seconds() / unit)} {name}"
    return f"{ceil(span.total_seconds())} seconds"


# --- of a course -------------------------------------------------------------------------------------------


def _check_course(occasion: Occasion, size: int, limit: int) -> None:
    """Raise where the course has no room: whatever the collector has not deleted takes some.

    Uploads of one course take turns here, so that two at once do not both get the last place.
    """
    course = Course.pk == occasion.place.course.pk
    occasion.session.execute(select(Course.pk).where(course).with_for_update(key_share=True))
    stored = (
        select(func.coalesce(func.sum(Upload.size), 0))
        .join(Assignment, Upload.assignment_pk == Assignment.pk)
        .where(Assignment.course_pk == occasion.place.course.pk, Upload.sweeps == 0)
    )
    if occasion.session.scalars(stored).one() + size > limit:
        raise CourseFull(
            f"There is no room left in {occasion.batch.course_id} for these {size} bytes: it may store {limit}.",
            limit=limit,
        )
