"""Protocol v1. Each route says who may call it; `identify` has found out who does."""

from __future__ import annotations

from importlib.metadata import version
from uuid import UUID

from flask import Blueprint

from nbexchange import protocol
from nbexchange.api.assignments import downloads, listing
from nbexchange.api.assignments import hiding as removals
from nbexchange.api.assignments import unrelease as releases
from nbexchange.api.audit import history
from nbexchange.api.db.engine import clock
from nbexchange.api.http.conventions import identify, negotiate
from nbexchange.api.http.routes.operations import Operations
from nbexchange.api.problems import (
    CourseFull,
    InvalidRequest,
    NoRoster,
    NotFound,
    OperatorRequired,
    RoleRequired,
    TooManyBytes,
    TooManySubmissions,
    UploadOver,
)
from nbexchange.api.rosters import change as enrolment
from nbexchange.api.rosters import read as rosters
from nbexchange.api.runtime import caller, services
from nbexchange.api.uploads import complete as completion
from nbexchange.api.uploads import initiate as uploads

blueprint = Blueprint("v1", __name__)
blueprint.before_request(negotiate)
blueprint.before_request(identify)
operations = Operations(blueprint)


@operations.add("GET", "/me", answer=protocol.Me)
def me() -> protocol.Me:
    """Anybody who is known: who they are here, and the limits."""
    identity = caller()
    with services().database.read() as session:
        now = clock(session)
    courses = [
        protocol.Course(course_id, place.role, place.title)
        for course_id, place in sorted(identity.courses.items())
    ]
    return protocol.Me(
        name=identity.name,
        org_id=identity.org_id,
        courses=courses,
        limits=services().limits,
        server_time=now,
        full_name=identity.full_name,
        email=identity.email,
        version=version("nbexchange"),
        storage_url=services().store.public_url,
        quotas=services().quotas,
    )


@operations.add(
    "GET", "/assignments", query=protocol.AssignmentsQuery, answer=protocol.Assignments, problems=(NotFound,)
)
def list_assignments(query: protocol.AssignmentsQuery) -> protocol.Assignments:
    """Members of the course, each their own view; without `course_id` all of the caller's courses."""
    with services().database.read() as session:
        return listing.list_assignments(session, caller(), query.course_id)


@operations.add(
    "DELETE",
    "/assignments",
    query=protocol.UnreleaseQuery,
    answer=protocol.Unreleased,
    problems=(NotFound, RoleRequired),
)
def unrelease_assignment(query: protocol.UnreleaseQuery) -> protocol.Unreleased:
    """Instructors of the course."""
    if query.dry_run and not query.purge:
        raise InvalidRequest("dry_run is for a purge.")
    with services().database.write() as session:
        handle = releases.take(session, caller(), query.course_id, query.assignment_id)
        purged = None
        if query.dry_run:
            purged = releases.count(handle)
        elif query.purge:
            purged = releases.purge(handle)
        else:
            releases.unrelease(handle)
    return protocol.Unreleased(query.course_id, query.assignment_id, query.dry_run, purged)


@operations.add(
    "POST",
    "/uploads",
    body=protocol.InitiateUploads,
    answer=protocol.UploadAnswers,
    problems=(NotFound, RoleRequired, TooManySubmissions, TooManyBytes, CourseFull),
)
def initiate_uploads(batch: protocol.InitiateUploads) -> protocol.UploadAnswers:
    """Releases: instructors of the course. Feedback: its graders too. Submissions: its members."""
    return protocol.UploadAnswers(uploads.initiate(services(), caller(), batch))


@operations.add("GET", "/uploads", query=protocol.PendingQuery, answer=protocol.PendingUploads)
def list_pending_uploads(query: protocol.PendingQuery) -> protocol.PendingUploads:
    """Anybody who is known, their own."""
    with services().database.read() as session:
        return protocol.PendingUploads(uploads.find_pending(session, caller()))


@operations.add("POST", "/uploads/complete", body=protocol.CompleteUploads, answer=protocol.CompletionAnswers)
def complete_uploads(wanted: protocol.CompleteUploads) -> protocol.CompletionAnswers:
    """Whoever began the upload; for releases and feedback, while they have the role that it needs."""
    return protocol.CompletionAnswers(completion.complete(services(), caller(), wanted.ids))


@operations.add("DELETE", "/uploads/<uuid:item_id>", answer=protocol.Aborted, problems=(NotFound, UploadOver))
def abort_upload(item_id: UUID) -> protocol.Aborted:
    """Whoever began the upload."""
    with services().database.write() as session:
        uploads.abort(session, caller(), item_id)
    return protocol.Aborted(item_id)


@operations.add(
    "GET",
    "/submissions",
    query=protocol.SubmissionsQuery,
    answer=protocol.Submissions,
    problems=(NotFound, RoleRequired),
)
def list_submissions(query: protocol.SubmissionsQuery) -> protocol.Submissions:
    """Graders and instructors of the course."""
    with services().database.read() as session:
        return listing.list_submissions(session, caller(), query, has_rosters=services().has_rosters)


@operations.add("POST", "/submissions/remove", body=protocol.RemoveSubmissions, answer=protocol.Removals)
def remove_submissions(wanted: protocol.RemoveSubmissions) -> protocol.Removals:
    """Instructors from the course's list and collect; anybody their own attempts from their own list."""
    with services().database.write() as session:
        return protocol.Removals(removals.remove(session, caller(), wanted))


@operations.add("POST", "/downloads", body=protocol.RequestDownloads, answer=protocol.DownloadAnswers)
def request_downloads(wanted: protocol.RequestDownloads) -> protocol.DownloadAnswers:
    """Graders and instructors what is in the course; students the current release, their attempts, their feedback."""
    return protocol.DownloadAnswers(downloads.grant(services(), caller(), wanted.items))


@operations.add("GET", "/history", query=protocol.HistoryQuery, answer=protocol.History, problems=(NotFound,))
def list_history(query: protocol.HistoryQuery) -> protocol.History:
    """Graders and instructors the log of the course; students the releases and what they did themselves."""
    with services().database.read() as session:
        return history.list_history(session, caller(), query)


# --- rosters -----------------------------------------------------------------------------------------------

ROSTER_PROBLEMS = (NotFound, NoRoster, RoleRequired, OperatorRequired)


@operations.add(
    "GET",
    "/roster",
    query=protocol.RosterQuery,
    answer=protocol.Roster,
    problems=(NotFound, NoRoster, RoleRequired),
)
def list_roster(query: protocol.RosterQuery) -> protocol.Roster:
    """Graders and instructors of the course."""
    editor = roster_editor("grader", query.course_id)
    with services().database.read() as session:
        return rosters.list_roster(session, editor.org_id, query.course_id)


@operations.add(
    "POST", "/roster", body=protocol.Enrol, answer=protocol.RosterChange, problems=ROSTER_PROBLEMS
)
def enrol(wanted: protocol.Enrol) -> protocol.RosterChange:
    """Instructors of the course its graders and students; an instructor on the roster is only the operator's."""
    editor = roster_editor("instructor", wanted.course_id)
    with services().database.write(dry_run=wanted.dry_run) as session:
        return enrolment.enrol(session, editor, wanted)


@operations.add(
    "POST", "/roster/remove", body=protocol.Unenrol, answer=protocol.RosterChange, problems=ROSTER_PROBLEMS
)
def unenrol(wanted: protocol.Unenrol) -> protocol.RosterChange:
    """Instructors of the course its graders and students."""
    editor = roster_editor("instructor", wanted.course_id)
    with services().database.write(dry_run=wanted.dry_run) as session:
        return enrolment.unenrol(session, editor, wanted)


def roster_editor(role: protocol.RoleName, course_id: str) -> enrolment.Editor:
    """The caller, who has to be this in the course, where the installation keeps rosters."""
    identity = caller()
    identity.require(role, course_id)
    if not services().has_rosters:
        raise NoRoster(
            "This exchange keeps no rosters: who is in which course comes from elsewhere, such as a hub's groups."
        )
    return enrolment.Editor(identity.name, identity.org_id)
