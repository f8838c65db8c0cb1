"""Downloads: who may have which object, and the log of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from nbexchange.api.access.identity import Identity
from nbexchange.api.audit.record import action_row
from nbexchange.api.db import find_or_create as people
from nbexchange.api.db.engine import clock
from nbexchange.api.db.models import (
    COMPLETED,
    Action,
    Assignment,
    Course,
    Feedback,
    Organisation,
    Person,
    Release,
    Upload,
)
from nbexchange.api.problems import NotFound
from nbexchange.api.runtime import Services
from nbexchange.api.wire.records import ACTOR, ASSIGNMENT, STUDENT
from nbexchange.protocol import DownloadAnswer, DownloadGranted, DownloadItem, ItemFailed
from nbexchange.storage import URL_LIFETIME


@dataclass(frozen=True)
class Candidate:
    """An object of the caller's organisation, and whether students get it (the current one)."""

    upload: Upload
    is_current: bool

    def verb_for(self, identity: Identity) -> str | None:
        """What the log calls this download; None when this caller may not know of the object.

        A grader or an instructor gets everything in the course. A student gets the current release, their own attempts
        and their own current feedback.
        """
        upload = self.upload
        course_id = upload.assignment.course.course_id
        if course_id not in identity.courses:
            return None
        owner = upload.student is not None and upload.student.name == identity.name
        grades = identity.grades(course_id)
        match upload.kind:
            case "release" if grades or self.is_current:
                return "fetched"
            case "submission" if grades:
                return "collected"
            case "submission" if owner:
                return "fetched"
            case "feedback" if grades or (owner and self.is_current):
                return "feedback_fetched"
            case _:
                return None


def grant(services: Services, identity: Identity, items: Sequence[DownloadItem]) -> list[DownloadAnswer]:
    """A URL for each item that the caller may have; an item that they may not know of is not found."""
    with services.database.write() as session:
        candidates = _find(session, identity, [item.id for item in items])
        now = clock(session)
        granted = _permitted(identity, items, candidates)
        if granted:
            _log(session, identity, list(granted.values()), now)
        session.expunge_all()
    return [_answer(services, item, granted, now) for item in items]


def _permitted(
    identity: Identity, items: Sequence[DownloadItem], candidates: Mapping[UUID, Candidate]
) -> dict[UUID, tuple[Upload, str]]:
    granted = {}
    for item in items:
        candidate = candidates.get(item.id)
        verb = candidate.verb_for(identity) if candidate else None
        if candidate and verb and candidate.upload.kind == item.kind:
            granted[item.id] = (candidate.upload, verb)
    return granted


def _find(session: Session, identity: Identity, ids: Sequence[UUID]) -> dict[UUID, Candidate]:
    rows = session.execute(
        select(Upload, Release.is_current, Feedback.is_current)
        .join(Assignment, Upload.assignment_pk == Assignment.pk)
        .join(Course, Assignment.course_pk == Course.pk)
        .join(Organisation, Course.org_pk == Organisation.pk)
        .outerjoin(Release, Release.pk == Upload.pk)
        .outerjoin(Feedback, Feedback.pk == Upload.pk)
        .where(
            Upload.uuid.in_(ids),
            Upload.state == COMPLETED,
            Organisation.org_id == identity.org_id,
            Course.course_id.in_(identity.courses),
        )
        .options(ASSIGNMENT, ACTOR, STUDENT)
    )
    return {upload.uuid: Candidate(upload, bool(release or feedback)) for upload, release, feedback in rows}


def _log(session: Session, identity: Identity, granted: Sequence[tuple[Upload, str]], now: datetime) -> None:
    """One entry per actor, object and verb within a URL's lifetime: a repeated request is the same download."""
    org_pk = granted[0][0].org_pk
    actor: Person = people.remember(session, org_pk, identity)[identity.name]
    recent = set(
        session.execute(
            select(Action.object_id, Action.verb).where(
                Action.actor_pk == actor.pk,
                Action.object_id.in_([upload.uuid for upload, _ in granted]),
                Action.at > now - URL_LIFETIME,
            )
        )
    )
    rows = [
        action_row(verb, upload, now, actor_pk=actor.pk, actor=actor.name)
        for upload, verb in granted
        if (upload.uuid, verb) not in recent
    ]
    if rows:
        session.execute(insert(Action), rows)


def _answer(
    services: Services, item: DownloadItem, granted: Mapping[UUID, tuple[Upload, str]], now: datetime
) -> DownloadAnswer:
    if item.id not in granted:
        return ItemFailed(item.id, NotFound(f"You have no such {item.kind}.").to_wire())
    upload, _ = granted[item.id]
    signed = services.store.sign_get(upload.key, filename=filename_of(upload), expires_at=now + URL_LIFETIME)
    return DownloadGranted(
        item.id,
        signed.url,
        dict(signed.headers),
        signed.expires_at,
        upload.size,
        upload.sha256,
        upload.unpacked_size,
    )


def filename_of(upload: Upload) -> str:
    """A name to save it under, in plain ASCII."""
    if upload.kind == "feedback":
        return re.sub(r"[^A-Za-z0-9._-]", "_", upload.notebook_id or "feedback") + ".html"
    return re.sub(r"[^A-Za-z0-9._-]", "_", upload.assignment.assignment_id) + ".tar.gz"
