"""The audit log as a caller may see it, page by page: ranges of indexes, merged in the order of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter

from sqlalchemy import ColumnElement, bindparam, select, tuple_, union_all

from nbexchange.api.access.identity import ADMINISTRATOR
from nbexchange.api.access.log import visible_parts
from nbexchange.api.access.permissions import sees_everybody
from nbexchange.api.access.visibility import ORGANISATION
from nbexchange.api.db.columns import Cells, Statement, constant, uuid_text
from nbexchange.api.db.instants import check_instant
from nbexchange.api.db.models import Action
from nbexchange.api.db.prepared import Prepared
from nbexchange.api.problems import InvalidRequest
from nbexchange.api.runtime import Context
from nbexchange.protocol import HistoryQuery, is_path_component

COURSES = 50
"""How many courses one statement looks at: who has more is answered with several."""

_ORDER = (Action.at, Action.pk)
_PLACE = itemgetter(1, -1)
"""The same of a row."""

_COLUMNS = (
    Action.verb,
    Action.at,
    Action.course_id,
    Action.kind,
    Action.assignment_id,
    Action.actor,
    Action.on_behalf,
    Action.role,
    uuid_text(Action.object_id).label("object_id"),
    Action.size,
    Action.sha256,
    Action.pk,
)

_BEFORE = (
    select(Action.at).where(Action.pk == bindparam("before"), Action.org_pk == ORGANISATION).scalar_subquery()
)

_FILTERS: dict[str, ColumnElement[bool]] = {
    "assignment": Action.assignment_id == bindparam("assignment"),
    "action": Action.verb == bindparam("action"),
    "since": Action.at >= bindparam("since"),
    "until": Action.at <= bindparam("until"),
    "before": tuple_(*_ORDER) < tuple_(_BEFORE, bindparam("before")),
}


@dataclass(frozen=True)
class _Shape:
    """What a statement is made for: which of the courses are seen whole, and which filters there are."""

    seen_whole: tuple[bool, ...]
    filters: frozenset[str]
    most: int


def list_history(context: Context, query: HistoryQuery, before: int | None) -> tuple[Sequence[Cells], bool]:
    """A page of the log, newest first, and whether there is more; `before` is the key that the last page ended with.

    Without `course_id` of all of the caller's courses.
    """
    check_query(query)
    caller = context.caller
    courses = [course_id for course_id in caller.courses if query.course_id in {None, course_id}]
    values = {
        "assignment": query.assignment_id,
        "action": query.action,
        "person": query.person,
        "since": query.since,
        "until": query.until,
        "before": before,
    }
    filters = frozenset(name for name, value in values.items() if value is not None)
    values |= {"caller": caller.name, "org_id": caller.org_id}
    rows: list[Cells] = []
    with context.read() as transaction:
        for start in range(0, len(courses), COURSES):
            asked = courses[start : start + COURSES]
            names = {f"course_{number}": course_id for number, course_id in enumerate(asked)}
            shape = _Shape(
                tuple(sees_everybody(caller, course_id) for course_id in asked), filters, query.limit + 1
            )
            rows += _page_statement(shape).fetch(transaction.connection, {**values, **names})
    if len(courses) > COURSES:
        rows.sort(key=_PLACE, reverse=True)
    return rows[: query.limit], len(rows) > query.limit


def check_query(query: HistoryQuery) -> None:
    person = None if query.person == ADMINISTRATOR else query.person
    for name in (query.assignment_id, person):
        if name is not None and not is_path_component(name):
            raise InvalidRequest("An assignment's id or a person's name in the query is not valid.")
    for field, instant in (("since", query.since), ("until", query.until)):
        if instant is not None:
            check_instant(field, instant)


@lru_cache(maxsize=500)
def _page_statement(shape: _Shape) -> Prepared:
    ranges = list(_ranges(shape))
    if len(ranges) == 1:
        return Prepared(ranges[0])
    # Each in order and with its limit: what a database merges, and it reads a page and no more.
    union = union_all(*(select(entries.subquery()) for entries in ranges)).subquery()
    return Prepared(select(union).order_by(union.c.at.desc(), union.c.pk.desc()).limit(constant(shape.most)))


def _ranges(shape: _Shape) -> Iterator[Statement]:
    filters = [_FILTERS[name] for name in sorted(shape.filters & _FILTERS.keys())]
    for number, is_seen_whole in enumerate(shape.seen_whole):
        for part in visible_parts(is_seen_whole=is_seen_whole, has_person="person" in shape.filters):
            yield (
                select(*_COLUMNS)
                .where(Action.org_pk == ORGANISATION, Action.course_id == bindparam(f"course_{number}"))
                .where(*part, *filters)
                .order_by(*(column.desc() for column in _ORDER))
                .limit(constant(shape.most))
            )
