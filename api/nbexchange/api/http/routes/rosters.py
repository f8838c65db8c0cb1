"""Rosters of courses."""

from __future__ import annotations

from nbexchange import protocol
from nbexchange.api.access.permissions import GRADER, ROSTER_EDITOR
from nbexchange.api.http.current import context, stated_revision
from nbexchange.api.http.operations import Operations
from nbexchange.api.problems import AdministratorRequired, NoRoster, NotFound, RoleRequired
from nbexchange.api.rosters import change, read
from nbexchange.api.wire import rosters as answers
from nbexchange.api.wire.cursors import decode_cursor
from nbexchange.api.wire.pages import PAGED_SINCE, Page, all_pages

operations = Operations()


@operations.add(
    "GET",
    "/roster",
    requires=GRADER,
    query=protocol.RosterQuery,
    answer=protocol.Roster,
    problems=(NotFound, NoRoster, RoleRequired),
)
def list_roster(query: protocol.RosterQuery) -> protocol.Roster:
    """List the members of a course, as its roster has them."""

    def list_page(cursor: str | None) -> Page:
        (after,) = decode_cursor(cursor, 1) or (None,)
        return answers.roster_page(*read.list_roster_page(context(), query.course_id, after))

    is_whole = query.cursor is None and stated_revision() < PAGED_SINCE
    pages = all_pages(list_page) if is_whole else [list_page(query.cursor)]
    return answers.roster_of(query.course_id, pages)


@operations.add(
    "POST",
    "/roster",
    requires=ROSTER_EDITOR,
    body=protocol.Enrol,
    answer=protocol.RosterChange,
    problems=(NotFound, NoRoster, RoleRequired, AdministratorRequired),
)
def enrol(request: protocol.Enrol) -> protocol.RosterChange:
    """Put people on a course's roster, or change them there."""
    outcome = change.enrol(context(), request)
    return answers.roster_change(request.course_id, outcome, dry_run=request.dry_run)


@operations.add(
    "POST",
    "/roster/remove",
    requires=ROSTER_EDITOR,
    body=protocol.Unenrol,
    answer=protocol.RosterChange,
    problems=(NotFound, NoRoster, RoleRequired, AdministratorRequired),
)
def unenrol(request: protocol.Unenrol) -> protocol.RosterChange:
    """Take people off a course's roster."""
    outcome = change.unenrol(context(), request)
    return answers.roster_change(request.course_id, outcome, dry_run=request.dry_run)
