"""The scene of the table of who may call what, each call of the table in it, and what came of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from sqlalchemy import select

from nbexchange.api.db.engine import Database
from nbexchange.api.db.models import Base
from support.people.callers import Caller, archive_item, upload_item


def make_scene(people: Any) -> SimpleNamespace:
    """A released assignment in its second version, ada's submission with feedback, and her unfinished upload.

    On the roster is carol, who has never called.
    """
    people.teacher.post("roster", {"course_id": "cs1", "members": [{"name": "carol"}]})
    older = people.teacher.release(b"older")
    release = people.teacher.release(b"version", force=True)
    submission = people.ada.submit(b"ada's work")
    feedback = people.teacher.give_feedback(submission)
    pending = archive_item(b"unfinished")
    (granted,) = people.ada.begin("submission", pending)
    people.ada.put(granted, b"unfinished")
    return SimpleNamespace(
        older=older,
        release=release,
        submission=submission,
        feedback=feedback,
        pending=pending,
        granted=granted,
    )


def call(row: str, caller: Caller, scene: SimpleNamespace) -> Any:
    """Do what this row of the table says; gives the answer."""

    def ask(kind: str, record: Any) -> Any:
        return caller.post("downloads", {"items": [{"kind": kind, "id": record["id"]}]})

    def about(record: Any) -> dict[str, Any]:
        return upload_item(b"<p>", student_id="ada", submission_id=record["id"], notebook_id="p1")

    def enrol(**member: str) -> Any:
        return caller.post("roster", {"course_id": "cs1", "members": [member, {"name": "dan"}]})

    stale = scene.granted["url"].removeprefix("objects/").partition("?")[0]
    return {
        "GET healthz": lambda: caller.get("/healthz"),
        "GET readyz": lambda: caller.get("/readyz"),
        "GET v1/openapi.json": lambda: caller.get("openapi.json"),
        "GET v1/me": lambda: caller.get("me"),
        "GET v1/assignments": lambda: caller.get("assignments", course_id="cs1"),
        "DELETE v1/assignments": lambda: caller.delete("assignments", course_id="cs1", assignment_id="ps1"),
        "POST v1/uploads release": lambda: caller.initiate("release", archive_item(b"v", force=True)),
        "POST v1/uploads submission": lambda: caller.initiate("submission", archive_item(b"w")),
        "POST v1/uploads feedback": lambda: caller.initiate("feedback", about(scene.submission)),
        "GET v1/uploads": lambda: caller.get("uploads"),
        "POST v1/uploads/complete": lambda: caller.complete(scene.pending),
        "DELETE v1/uploads/<uuid:item_id>": lambda: caller.delete(f"uploads/{scene.pending['id']}"),
        "GET v1/submissions": lambda: caller.get("submissions", course_id="cs1"),
        "DELETE v1/assignments purge": lambda: caller.delete(
            "assignments", course_id="cs1", assignment_id="ps1", purge=True
        ),
        "POST v1/submissions/remove": lambda: caller.post(
            "submissions/remove", {"ids": [scene.submission["id"]]}
        ),
        "POST v1/submissions/collected": lambda: caller.note_collected(scene.submission),
        "GET v1/history": lambda: caller.get("history", course_id="cs1"),
        "POST v1/downloads release": lambda: ask("release", scene.release),
        "POST v1/downloads older release": lambda: ask("release", scene.older),
        "POST v1/downloads submission": lambda: ask("submission", scene.submission),
        "POST v1/downloads feedback": lambda: ask("feedback", scene.feedback),
        "GET v1/roster": lambda: caller.get("roster", course_id="cs1"),
        "POST v1/roster": lambda: enrol(name="carol", role="grader"),
        "POST v1/roster instructor": lambda: enrol(name="carol", role="instructor"),
        "POST v1/roster/remove": lambda: caller.post(
            "roster/remove", {"course_id": "cs1", "names": ["carol", "nobody-here"]}
        ),
        "PUT objects/<path:key>": lambda: caller.call("PUT", f"/objects/{stale}", data=b"x"),
        "GET objects/<path:key>": lambda: caller.get(f"/objects/{stale}"),
    }[row]()


def outcome_of(answer: Any, scene: SimpleNamespace) -> str:
    """As the table has it."""
    if answer.status_code != 200:
        return str(answer.status_code)
    items = answer.json.get("items") or []
    if items and items[0].get("type") == "error":
        return str(items[0]["problem"]["status"])
    if answer.json.keys() & {"added", "absent"}:  # a roster's change, which names whom it was asked to change
        return "ok" if "carol" in answer.json.get("changed", answer.json.get("removed", [])) else "own"
    ours = (scene.release, scene.older, scene.submission, scene.feedback, scene.pending)
    words = ["carol", *(record["id"] for record in ours)]
    return "ok" if any(word in answer.text for word in words) else "own"


def contents(database: Database) -> dict[str, list[str]]:
    """Every row of every table."""
    with database.read() as session:
        return {
            table.name: sorted(map(repr, session.execute(select(table))))
            for table in Base.metadata.sorted_tables
        }
