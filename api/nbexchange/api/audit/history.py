"""The log as a caller may see it: an instructor the course's, a student the releases and what they did."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from nbexchange import protocol
from nbexchange.api.access.identity import Identity
from nbexchange.api.db.instants import check_instant
from nbexchange.api.db.models import Action, Organisation
from nbexchange.api.problems import InvalidRequest
from nbexchange.api.rosters.change import OPERATOR
from nbexchange.api.wire.cursors import decode_cursor, encode_cursor
from nbexchange.protocol import is_path_component


def list_history(session: Session, identity: Identity, query: protocol.HistoryQuery) -> protocol.History:
    """A page of the log, newest first; without `course_id` of all of the caller's courses."""
    if query.course_id is not None:
        identity.require_member(query.course_id)
    _check(query)
    graded = [course_id for course_id in identity.courses if identity.grades(course_id)]
    named = or_(Action.course_id.in_(graded), Action.actor == identity.name)
    wanted = (
        select(Action)
        .join(Organisation, Action.org_pk == Organisation.pk)
        .where(
            Organisation.org_id == identity.org_id,
            Action.course_id.in_(identity.courses),
            or_(named, Action.verb == "released"),
            *_filters(query),
        )
    )
    if query.person is not None:
        # Only where the caller is told who it was: nobody learns a name by asking for it.
        wanted = wanted.where(named, or_(Action.actor == query.person, Action.on_behalf == query.person))
    if query.cursor is not None:
        wanted = wanted.where(Action.pk < decode_cursor(query.cursor, 1)[0])
    rows = session.scalars(wanted.order_by(Action.pk.desc()).limit(query.limit + 1)).all()
    page = rows[: query.limit]
    return protocol.History(
        [_entry(row, identity) for row in page],
        encode_cursor(page[-1].pk) if len(rows) > query.limit else None,
    )


def _check(query: protocol.HistoryQuery) -> None:
    person = None if query.person == OPERATOR else query.person
    for name in (query.assignment_id, person):
        if name is not None and not is_path_component(name):
            raise InvalidRequest("An assignment's id or a person's name in the query is not valid.")
    for field, instant in (("since", query.since), ("until", query.until)):
        if instant is not None:
            check_instant(field, instant)


def _filters(query: protocol.HistoryQuery) -> Iterator[ColumnElement[bool]]:
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


def _entry(row: Action, identity: Identity) -> protocol.Action:
    knows_people = identity.grades(row.course_id) or row.actor == identity.name
    return protocol.Action(
        action=row.verb,
        at=row.at,
        course_id=row.course_id,
        assignment_id=row.assignment_id,
        kind=row.kind,
        actor=row.actor if knows_people else None,
        on_behalf=row.on_behalf if knows_people else None,
        role=row.role,
        object_id=row.object_id,
        size=row.size,
        sha256=row.sha256,
    )
