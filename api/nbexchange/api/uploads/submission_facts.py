"""What submissions of a batch rest on, read under its locks, in one statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, bindparam, exists, func, select, true

from nbexchange.api.db.columns import constant, unseen
from nbexchange.api.db.in_list import in_list
from nbexchange.api.db.models import Person, Upload
from nbexchange.api.db.prepared import Prepared
from nbexchange.api.db.states import PENDING
from nbexchange.api.uploads.batch import Batch
from nbexchange.api.uploads.quota_usage import DAY, MINUTE, Usage
from nbexchange.api.uploads.released import IS_RELEASED

ACTOR = unseen("actor_pk", Upload.actor_pk)
IS_SUBMISSION = Upload.kind == constant("submission")

IN_ASSIGNMENT = and_(
    IS_SUBMISSION, Upload.assignment_pk == bindparam("assignment_pk"), Upload.student_pk == Person.pk
)
LAST = select(func.max(Upload.stamp)).where(IN_ASSIGNMENT).scalar_subquery()
UNFINISHED = (
    select(func.count())
    .where(
        IN_ASSIGNMENT,
        Upload.actor_pk == ACTOR,
        Upload.state == constant(PENDING),
        Upload.expires_at > unseen("now", Upload.expires_at),
    )
    .scalar_subquery()
)
USAGE = (
    select(
        func.count(Upload.call_id.distinct())
        .filter(Upload.expires_at > unseen("since_a_minute", Upload.expires_at))
        .label("in_a_minute"),
        func.count(Upload.call_id.distinct()).label("in_a_day"),
        func.coalesce(func.sum(Upload.size), 0).label("bytes_in_a_day"),
    )
    .where(
        Upload.actor_pk == ACTOR,
        IS_SUBMISSION,
        Upload.expires_at > unseen("since_a_day", Upload.expires_at),
    )
    .subquery()
)
HAS_EXISTING = exists().where(Upload.actor_pk == ACTOR, in_list(Upload.item_id, "item_ids"))
FACTS = Prepared(
    select(
        Person.pk,
        LAST.label("last"),
        UNFINISHED.label("pending"),
        IS_RELEASED.label("is_released"),
        HAS_EXISTING.label("has_existing"),
        USAGE.c.in_a_minute,
        USAGE.c.in_a_day,
        USAGE.c.bytes_in_a_day,
    )
    .join(USAGE, true())
    .where(in_list(Person.pk, "people"))
)


@dataclass(frozen=True)
class SubmissionFacts:
    is_released: bool
    has_existing: bool
    """Whether the caller has begun some of the items before."""
    usage: Usage
    last: Mapping[int, datetime | None]
    """The newest stamp of each person in the assignment, by their key."""
    pending: Mapping[int, int]
    """How many of the caller's uploads for each of them are unfinished: nobody uses up what others may have."""


def read_submission_facts(batch: Batch) -> SubmissionFacts:
    values = {
        "assignment_pk": batch.assignment.pk,
        "actor_pk": batch.actor.pk,
        "people": [person.pk for person in batch.people.values()],
        "item_ids": [item.id for item in batch.request.items],
        "now": batch.now,
        "since_a_minute": batch.expires_at - MINUTE,
        "since_a_day": batch.expires_at - DAY,
    }
    rows = FACTS.fetch(batch.transaction.connection, values)
    return SubmissionFacts(
        is_released=rows[0].is_released,
        has_existing=rows[0].has_existing,
        usage=Usage(*rows[0][-3:]),
        last={row.pk: row.last for row in rows},
        pending={row.pk: row.pending for row in rows},
    )
