"""What must hold of the rows whatever happened: nothing half recorded, nothing twice, no gap."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update

from nbexchange.api.db.engine import Database
from nbexchange.api.db.events import UPLOADED
from nbexchange.api.db.models import Action, Base, Feedback, Release, Submission, Upload

RECORDS = {"release": Release, "submission": Submission, "feedback": Feedback}


def state_of(database: Database, item_id: str | UUID) -> str:
    with database.read() as session:
        return session.scalars(select(Upload.state).where(Upload.item_id == UUID(str(item_id)))).one()


def make_older(database: Database, **values: Any) -> None:
    """Give every upload these times, as if the clock were another."""
    with database.write() as session:
        session.execute(update(Upload).values(**values))


def let_time_pass(database: Database, **gone: float) -> None:
    """As if this time had passed for every upload: a URL lives 15 minutes, an unfinished upload 24 hours."""
    past = timedelta(**gone)
    with database.write() as session:
        for upload in session.scalars(select(Upload)):
            upload.url_expires_at -= past
            upload.expires_at -= past


def count(database: Database, model: type[Base], *where: ColumnElement[bool]) -> int:
    """How many rows there are."""
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(model).where(*where)) or 0


def logged(database: Database, verb: str) -> Sequence[Action]:
    """The entries of the log with this verb, as they came."""
    with database.read() as session:
        return session.scalars(select(Action).where(Action.verb == verb).order_by(Action.pk)).all()


def check_ledger(database: Database) -> None:
    """Every completed upload is one record and one line of the log, and nothing else is."""
    with database.read() as session:
        kinds: dict[str, set[int]] = defaultdict(set)
        for pk, kind in session.execute(select(Upload.pk, Upload.kind).where(Upload.state == "completed")):
            kinds[kind].add(pk)
        for kind, model in RECORDS.items():
            assert set(session.scalars(select(model.pk))) == kinds[kind]
            logged = Counter(session.scalars(select(Action.upload_pk).where(Action.verb == UPLOADED[kind])))
            assert logged == Counter(kinds[kind])
        series = session.execute(
            select(func.count(), func.min(Submission.attempt), func.max(Submission.attempt)).group_by(
                Submission.assignment_pk, Submission.student_pk
            )
        )
        assert all((first, last) == (1, count) for count, first, last in series)
        current = session.scalars(select(Release.assignment_pk).where(Release.is_current)).all()
        assert len(current) == len(set(current))
