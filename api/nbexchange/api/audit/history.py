"""The audit log as a caller may see it, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, or_

from nbexchange.api.access.identity import ADMINISTRATOR
from nbexchange.api.access.visibility import names_people, visible_actions
from nbexchange.api.db.instants import check_instant
from nbexchange.api.db.models import Action
from nbexchange.api.problems import InvalidRequest
from nbexchange.api.runtime import Context
from nbexchange.protocol import HistoryQuery, is_path_component


def list_history(context: Context, query: HistoryQuery, before: int | None) -> tuple[Sequence[Action], bool]:
    """A page of the log, newest first, and whether there is more; `before` is the key that the last page ended with.

    Without `course_id` of all of the caller's courses.
    """
    check_query(query)
    statement = visible_actions(context.caller).where(*_filters(query))
    if query.person is not None:
        # Only where the caller is told who it was: nobody learns a name by asking for it.
        is_about = or_(Action.actor == query.person, Action.on_behalf == query.person)
        statement = statement.where(names_people(context.caller), is_about)
    if before is not None:
        statement = statement.where(Action.pk < before)
    with context.read() as transaction:
        rows = transaction.session.scalars(statement.order_by(Action.pk.desc()).limit(query.limit + 1)).all()
    return rows[: query.limit], len(rows) > query.limit


def check_query(query: HistoryQuery) -> None:
    person = None if query.person == ADMINISTRATOR else query.person
    for name in (query.assignment_id, person):
        if name is not None and not is_path_component(name):
            raise InvalidRequest("An assignment's id or a person's name in the query is not valid.")
    for field, instant in (("since", query.since), ("until", query.until)):
        if instant is not None:
            check_instant(field, instant)


def _filters(query: HistoryQuery) -> Iterator[ColumnElement[bool]]:
    if query.course_id is not None:
        yield Action.course_id == query.course_id
    if query.assignment_id is not None:
        yield Action.assignment_id == query.assignment_id
    if query.action is not None:
        yield Action.verb == query.action
    if query.since is not None:
        yield Action.at >= query.since
    if query.until is not None:
        yield Action.at <= query.until
