"""`nbexchange gc`: no upload is stuck for ever, and no object stays that nobody can reach.

A submission whose client died after sending it is completed; anything else that ran out of time expires. Objects
are deleted only after their row says that they are nobody's, and once more a day after the last URL could have
been used, since a transfer that was under way may land after the first deletion.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from nbexchange.api.completion import settle
from nbexchange.api.database import clock
from nbexchange.api.models import ABORTED, EXPIRED, PENDING, REJECTED, Upload
from nbexchange.api.problems import ExchangeProblem, ObjectMissing, UploadOver
from nbexchange.api.services import Services

PAGE = 100

SETTLED_AFTER = timedelta(hours=24)
"""After an upload's end, how long a transfer may still be under way."""


@dataclass(frozen=True)
class Collector:
    """Completes orphaned submissions, also after their owner's time; releases and feedback are never published."""

    def objection(self, upload: Upload, now: datetime) -> ExchangeProblem | None:
        if upload.kind == "submission":
            return None
        return UploadOver(EXPIRED) if now >= upload.expires_at else ObjectMissing("Left to its owner.")


@dataclass(frozen=True)
class Report:
    completed: int
    expired: int
    deleted: int


def collect_garbage(services: Services) -> Report:
    """One round over everything that is due; may run at any time, also twice at once."""
    completed = 0
    for page in _due_pages(services):
        verdicts = settle(services, page, Collector()).verdicts
        completed += Counter(verdicts.values())[None]
    return Report(completed, expire(services), sweep(services))


def _due_pages(services: Services) -> Iterator[Sequence[Upload]]:
    """Pending uploads whose last URL has run out, page by page."""
    after = 0
    while True:
        with services.database.read() as session:
            page = session.scalars(
                select(Upload)
                .where(Upload.state == PENDING, Upload.url_expires_at <= clock(session), Upload.pk > after)
                .order_by(Upload.pk)
                .limit(PAGE)
            ).all()
        if not page:
            return
        after = page[-1].pk
        yield page


def expire(services: Services) -> int:
    """End the uploads whose time is over and that could not be completed."""
    with services.database.write() as session:
        ended = session.execute(
            update(Upload)
            .where(Upload.state == PENDING, Upload.expires_at <= clock(session))
            .values(state=EXPIRED)
            .returning(Upload.pk)
            .execution_options(synchronize_session=False)
        )
        return len(ended.all())


def sweep(services: Services) -> int:
    """Delete the objects of uploads that ended without being completed."""
    deleted = 0
    while uploads := _find_rubbish(services):
        for upload in uploads:
            services.store.delete(upload.key)
        with services.database.write() as session:
            session.execute(
                update(Upload)
                .where(Upload.pk.in_([upload.pk for upload in uploads]))
                .values(sweeps=Upload.sweeps + 1)
                .execution_options(synchronize_session=False)
            )
        deleted += sum(upload.sweeps == 0 for upload in uploads)
    return deleted


def _find_rubbish(services: Services) -> Sequence[Upload]:
    with services.database.read() as session:
        again = (Upload.sweeps == 1) & (Upload.expires_at <= clock(session) - SETTLED_AFTER)
        return session.scalars(
            select(Upload)
            .where(Upload.state.in_([REJECTED, EXPIRED, ABORTED]), (Upload.sweeps == 0) | again)
            .order_by(Upload.pk)
            .limit(PAGE)
        ).all()
