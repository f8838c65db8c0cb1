"""Rows with what belongs to them: relations are never loaded behind a query's back (`lazy="raise"`)."""

from __future__ import annotations

from sqlalchemy.orm import joinedload

from nbexchange.api.db.models import Assignment, Upload

ASSIGNMENT = joinedload(Upload.assignment, innerjoin=True).joinedload(Assignment.course, innerjoin=True)
ACTOR = joinedload(Upload.actor, innerjoin=True)
STUDENT = joinedload(Upload.student)
