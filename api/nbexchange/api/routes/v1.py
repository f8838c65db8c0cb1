"""Protocol v1. Each route says who may call it; `identify` has found out who does."""

from __future__ import annotations

from importlib.metadata import version
from uuid import UUID

from flask import Blueprint, Response

from nbexchange import protocol
from nbexchange.api import completion, downloads, listing, releases, uploads
from nbexchange.api.database import clock
from nbexchange.api.services import caller, services
from nbexchange.api.web import identify, parse, reply

blueprint = Blueprint("v1", __name__)
blueprint.before_request(identify)


@blueprint.get("/me")
def me() -> Response:
    """Anybody who is known: who they are here, and the limits."""
    identity = caller()
    with services().database.read() as session:
        now = clock(session)
    courses = [
        protocol.Course(course_id, place.role, place.title)
        for course_id, place in sorted(identity.courses.items())
    ]
    return reply(
        protocol.Me(
            name=identity.name,
            org_id=identity.org_id,
            courses=courses,
            limits=services().limits,
            server_time=now,
            full_name=identity.full_name,
            email=identity.email,
            version=version("nbexchange"),
        )
    )


@blueprint.get("/assignments")
def list_assignments() -> Response:
    """Members of the course, each their own view; without `course_id` all of the caller's courses."""
    query = parse(protocol.AssignmentsQuery)
    with services().database.read() as session:
        return reply(listing.list_assignments(session, caller(), query.course_id))


@blueprint.delete("/assignments")
def unrelease_assignment() -> Response:
    """Instructors of the course."""
    query = parse(protocol.UnreleaseQuery)
    with services().database.write() as session:
        releases.unrelease(session, caller(), query.course_id, query.assignment_id)
    return reply(protocol.Unreleased(query.course_id, query.assignment_id))


@blueprint.post("/uploads")
def initiate_uploads() -> Response:
    """Releases and feedback: instructors of the course. Submissions: its members."""
    batch = parse(protocol.InitiateUploads)
    return reply(protocol.UploadAnswers(uploads.initiate(services(), caller(), batch)))


@blueprint.get("/uploads")
def list_pending_uploads() -> Response:
    """Anybody who is known, their own."""
    parse(protocol.PendingQuery)
    with services().database.read() as session:
        return reply(protocol.PendingUploads(uploads.find_pending(session, caller())))


@blueprint.post("/uploads/complete")
def complete_uploads() -> Response:
    """Whoever began the upload; for releases and feedback, while they are an instructor of the course."""
    wanted = parse(protocol.CompleteUploads)
    return reply(protocol.CompletionAnswers(completion.complete(services(), caller(), wanted.ids)))


@blueprint.delete("/uploads/<uuid:item_id>")
def abort_upload(item_id: UUID) -> Response:
    """Whoever began the upload."""
    with services().database.write() as session:
        uploads.abort(session, caller(), item_id)
    return reply({})


@blueprint.get("/submissions")
def list_submissions() -> Response:
    """Instructors of the course."""
    query = parse(protocol.SubmissionsQuery)
    with services().database.read() as session:
        return reply(listing.list_submissions(session, caller(), query))


@blueprint.post("/downloads")
def request_downloads() -> Response:
    """Instructors what is in their courses; students the current release, their attempts, their feedback."""
    wanted = parse(protocol.RequestDownloads)
    return reply(protocol.DownloadAnswers(downloads.grant(services(), caller(), wanted.items)))
