"""How many SQL statements a call takes, for one item and for many: in this process, where SQLAlchemy tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import event
from support.database.statements import statements
from support.people.callers import COURSE, TEACHER, Caller, archive_item, upload_item
from support.servers.in_process import callers_in_process

from benchmarks.report import Table
from benchmarks.scene import student
from benchmarks.sizes import Sizes
from nbexchange.api.assignments.listing import ATTEMPTS
from nbexchange.api.db import upgrade as schema
from nbexchange.api.db.engine import Database, connect
from nbexchange.demo import servers

NOTE = (
    "Statements as SQLAlchemy sends them, on PostgreSQL, the second time that a call of this kind is made. To the "
    "round trips belong also, for each transaction, its BEGIN and its end; a call that only reads has neither. Several "
    "uploads are completed with one statement more than a single one: it locks them in their order."
)


def run(folder: Path, sizes: Sizes) -> Iterator[Table]:
    with servers.postgresql(folder / "postgresql") as url:
        database = connect(url)
        schema.prepare(database)
        try:
            caller = callers_in_process(database, folder)
            teacher, ada = caller(TEACHER, "Instructor"), caller("ada", "Student")
            once, often = (dict(_count(database, teacher, ada, number)) for number in (1, sizes.items))
        finally:
            database.engine.dispose()
    rows = [[call, str(once[call]), str(often[call]), str(once[call].transactions)] for call in once]
    head = ("call", "statements for 1", f"statements for {sizes.items}", "transactions")
    yield Table("SQL statements of a call", NOTE, head, rows)


@dataclass
class _Count:
    """What one call sent to the database."""

    statements: list[str]
    transactions: int = 0

    def __str__(self) -> str:
        return str(len(self.statements))


@contextmanager
def _counting(database: Database) -> Iterator[_Count]:
    def note_begin(_connection: Any) -> None:
        count.transactions += 1

    with statements(database) as seen:
        count = _Count(seen)
        event.listen(database.engine, "begin", note_begin)
        try:
            yield count
        finally:
            event.remove(database.engine, "begin", note_begin)


def _count(database: Database, teacher: Caller, ada: Caller, number: int) -> Iterator[tuple[str, _Count]]:
    """Each call with `number` items; an assignment of its own, so that there is nothing else to list."""
    target = {"course": COURSE, "assignment": f"of-{number}"}

    def counted(call: Callable[[], Any]) -> tuple[_Count, Any]:
        with _counting(database) as count:
            answer = call()
        assert answer.status_code == 200, answer.json
        assert all(entry.get("type") != "error" for entry in answer.json.get("items", [])), answer.json
        return count, answer.json

    def send(kind: str, *items: Any) -> Iterator[tuple[str, _Count]]:
        count, granted = counted(lambda: teacher.initiate(kind, *items, **target))
        yield f"`POST v1/uploads`, {kind}", count
        for grant in granted["items"]:
            assert teacher.put(grant, b"work") == 200
        yield f"`POST v1/uploads/complete`, {kind}", counted(lambda: teacher.complete(*items))[0]

    ada.get("me")
    yield "`GET v1/me`", counted(lambda: ada.get("me"))[0]
    teacher.release(b"first", **target)
    yield from send("release", archive_item(b"work", force=True))
    names = list(map(student, range(number)))
    yield from send("submission", *(archive_item(b"work", student_id=name) for name in names))
    count, answer = counted(
        lambda: teacher.get("submissions", course_id=COURSE, assignment_id=f"of-{number}")
    )
    yield "`GET v1/submissions`", count
    submissions = answer["submissions"]
    assert len(submissions) == number
    asked = {"items": [{"kind": "submission", "id": entry["id"]} for entry in submissions]}
    yield "`POST v1/downloads`", counted(lambda: teacher.post("downloads", asked))[0]
    about = [
        {"student_id": e["student_id"], "submission_id": e["id"], "notebook_id": "p1"} for e in submissions
    ]
    yield from send("feedback", *(upload_item(b"work", **values) for values in about))

    for _ in range(number):
        ada.submit(b"work", **target)
    count, answer = counted(lambda: ada.get("assignments", course_id=COURSE))
    assert min(number, ATTEMPTS) in [len(entry["submissions"]) for entry in answer["assignments"]]
    yield "`GET v1/assignments`, attempts of one student", count
    waiting = [archive_item(b"work", student_id=name) for name in names]
    teacher.begin("submission", *waiting, **target)
    count, answer = counted(lambda: teacher.get("uploads"))
    assert len(answer["items"]) >= number
    yield "`GET v1/uploads`", count
    yield "`DELETE v1/uploads/{id}`", counted(lambda: teacher.delete(f"uploads/{waiting[0]['id']}"))[0]
    unrelease = {"course_id": COURSE, "assignment_id": f"of-{number}"}
    yield "`DELETE v1/assignments`", counted(lambda: teacher.delete("assignments", **unrelease))[0]
