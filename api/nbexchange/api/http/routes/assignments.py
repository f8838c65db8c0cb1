"""Assignments, submissions and downloads."""

from __future__ import annotations

from nbexchange import protocol
from nbexchange.api.access.permissions import COLLECTING, DOWNLOADER, GRADER, INSTRUCTOR, MEMBER, REMOVER
from nbexchange.api.assignments import downloads, hiding, listing, submissions, unrelease
from nbexchange.api.http.current import caller, context, stated_revision
from nbexchange.api.http.operations import Operations
from nbexchange.api.problems import NotFound, RoleRequired
from nbexchange.api.wire import assignments as answers
from nbexchange.api.wire.cursors import decode_cursor
from nbexchange.api.wire.pages import PAGED_SINCE, all_pages

operations = Operations()


@operations.add(
    "GET",
    "/assignments",
    requires=MEMBER,
    query=protocol.AssignmentsQuery,
    answer=protocol.Assignments,
    problems=(NotFound,),
)
def list_assignments(query: protocol.AssignmentsQuery) -> protocol.Assignments:
    """List what the caller sees of their assignments: the current release, their own attempts and feedback."""

    def list_page(cursor: str | None) -> answers.AssignmentsPage:
        (after,) = decode_cursor(cursor, 1) or (None,)
        page = listing.list_assignments(context(), query.course_id, after)
        return answers.assignments_page(caller(), *page)

    is_whole = query.cursor is None and stated_revision() < PAGED_SINCE
    return answers.assignments(all_pages(list_page) if is_whole else [list_page(query.cursor)])


@operations.add(
    "DELETE",
    "/assignments",
    requires=INSTRUCTOR,
    query=protocol.UnreleaseQuery,
    answer=protocol.Unreleased,
    problems=(NotFound, RoleRequired),
)
def unrelease_assignment(query: protocol.UnreleaseQuery) -> protocol.Unreleased:
    """Hide an assignment from students, or purge it with all that belongs to it."""
    return answers.unreleased(query, unrelease.unrelease(context(), query))


@operations.add(
    "GET",
    "/submissions",
    requires=GRADER,
    query=protocol.SubmissionsQuery,
    answer=protocol.Submissions,
    problems=(NotFound, RoleRequired),
)
def list_submissions(query: protocol.SubmissionsQuery) -> protocol.Submissions:
    """List the attempts of a course, page by page; with `latest` the newest of each student."""
    after = decode_cursor(query.cursor, submissions.KEY_LENGTH)
    return answers.submissions(query.course_id, submissions.list_submissions(context(), query, after))


@operations.add(
    "POST",
    "/submissions/remove",
    requires=REMOVER,
    body=protocol.RemoveSubmissions,
    answer=protocol.Removals,
)
def remove_submissions(request: protocol.RemoveSubmissions) -> protocol.Removals:
    """Remove attempts from a list, with their bytes and their numbers kept."""
    return answers.removals(request.ids, hiding.remove(context(), request))


@operations.add(
    "POST",
    "/downloads",
    requires=DOWNLOADER,
    body=protocol.RequestDownloads,
    answer=protocol.DownloadAnswers,
)
def request_downloads(request: protocol.RequestDownloads) -> protocol.DownloadAnswers:
    """Get a signed URL for each object, logged as fetched."""
    granted = downloads.grant(context(), request.items)
    absent = [item for item in request.items if (item.kind, item.id) not in granted]
    return answers.download_answers(request.items, {**granted, **downloads.find_withdrawn(context(), absent)})


@operations.add(
    "POST",
    "/submissions/collected",
    requires=COLLECTING,
    body=protocol.ReportCollected,
    answer=protocol.Collections,
)
def note_collected(request: protocol.ReportCollected) -> protocol.Collections:
    """Say which attempts were downloaded and kept, logged as collected."""
    return answers.collections(request.ids, downloads.note_collected(context(), request.ids))
