"""Unrelease: an assignment is hidden; versions, submissions, feedback and history stay."""

from __future__ import annotations

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from nbexchange.api import people
from nbexchange.api.actions import action_row
from nbexchange.api.database import clock
from nbexchange.api.identity import Identity
from nbexchange.api.listing import visible
from nbexchange.api.models import Action, Assignment, Release


def unrelease(session: Session, identity: Identity, course_id: str, assignment_id: str) -> None:
    """Hide the assignment from students; hiding it again changes nothing. `NotFound` where there is none."""
    identity.require_instructor(course_id)
    org_pk = people.find_organisation(session, identity.org_id)
    actor = people.remember(session, org_pk, identity)[identity.name]
    place = people.find_place(session, org_pk, course_id, assignment_id)
    session.scalar(
        select(Assignment.pk).where(Assignment.pk == place.assignment.pk).with_for_update(key_share=True)
    )
    current = visible(Release, identity, [course_id]).where(
        Release.assignment_pk == place.assignment.pk, Release.is_current
    )
    release = session.scalars(current).one_or_none()
    if release is None:
        return
    release.is_current = False
    row = action_row("removed", release.upload, clock(session), actor_pk=actor.pk, actor=actor.name)
    session.execute(insert(Action), [row])
