"""Rows with what belongs to them: relations are never loaded behind a query's back (`lazy="raise"`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from nbexchange.api.db.models import Assignment, Feedback, Published, Release, Submission, Upload

ASSIGNMENT = joinedload(Upload.assignment, innerjoin=True).joinedload(Assignment.course, innerjoin=True)
ACTOR = joinedload(Upload.actor, innerjoin=True)
STUDENT = joinedload(Upload.student)

PUBLISHED: Mapping[str, Any] = {"release": Release, "submission": Submission, "feedback": Feedback}
"""What a completed upload becomes, by its kind."""


def load_published(session: Session, uploads: Collection[Upload]) -> dict[int, Published]:
    """What completed uploads became, by the upload's key: one statement for each kind among them.

    Read anew also where a row was loaded before: bulk statements change rows behind the loaded objects.
    """
    pks: dict[str, list[int]] = defaultdict(list)
    for upload in uploads:
        pks[upload.kind].append(upload.pk)
    rows: dict[int, Published] = {}
    for kind, kind_pks in pks.items():
        model = PUBLISHED[kind]
        load = joinedload(model.upload, innerjoin=True).options(ASSIGNMENT, ACTOR, STUDENT)
        query = select(model).where(model.pk.in_(kind_pks)).options(load)
        published = session.scalars(query.execution_options(populate_existing=True))
        rows.update({row.pk: row for row in published})
    return rows
