"""A course of which every assignment is released, with one attempt of every student at each, and feedback on it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from support.database.rows import Term
from support.people.callers import COURSE, TEACHER, archive_item, upload_item

from benchmarks.clients import Call, announce, drive, post, put_all
from benchmarks.scene import Scene, assignment, run_statement, student
from benchmarks.sizes import Sizes
from nbexchange.api.db.engine import Database, clock

BODY = b"work"
BATCH = 100


def fill_with_rows(database: Database, sizes: Sizes) -> None:
    """The fast way, for a service of this version: there are no objects."""
    names = list(map(assignment, range(sizes.assignments)))
    with database.write() as session:
        started = clock(session.connection()) - timedelta(days=7)
        term = Term(session, list(map(student, range(sizes.students))), names, started)
        for name in names:
            term.hand_in(name, started)
    run_statement(database, "VACUUM ANALYZE")  # as the server's own housekeeping does in the long run


def fill_with_calls(scene: Scene, sizes: Sizes) -> None:
    """For a service of any version: its instructor submits for the students."""
    token = scene.token(TEACHER)
    for name in map(assignment, range(sizes.assignments)):
        _upload(scene, token, "release", name, [archive_item(BODY)])
        names = map(student, range(sizes.students))
        _upload(scene, token, "submission", name, [archive_item(BODY, student_id=who) for who in names])
        path = f"v1/submissions?course_id={COURSE}&assignment_id={name}"
        _upload(
            scene,
            token,
            "feedback",
            name,
            [feedback_on(entry) for entry in all_submissions(scene, token, path)],
        )
    run_statement(scene.database, "VACUUM ANALYZE")


def feedback_on(submission: dict[str, Any]) -> dict[str, Any]:
    return upload_item(
        BODY, student_id=submission["student_id"], submission_id=submission["id"], notebook_id="p1"
    )


def all_submissions(scene: Scene, token: str, path: str) -> Iterator[dict[str, Any]]:
    """Page by page."""
    cursor = ""
    while cursor is not None:
        (body,) = drive(scene.service.base_url, [Call(token, "GET", f"{path}{cursor}")], 1).bodies
        page = json.loads(body)
        yield from page["submissions"]
        cursor = page.get("cursor") and f"&cursor={page['cursor']}"


def _upload(scene: Scene, token: str, kind: str, name: str, items: Sequence[dict[str, Any]]) -> None:
    base_url = scene.service.base_url
    for start in range(0, len(items), BATCH):
        batch = items[start : start + BATCH]
        granted = drive(base_url, [announce(token, kind, name, batch)], 1).items()
        put_all(base_url, granted, BODY, 4)
        drive(
            base_url, [post(token, "v1/uploads/complete", {"ids": [item["id"] for item in batch]})], 1
        ).items()
