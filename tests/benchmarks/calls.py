"""What calls cost: how many a second one worker process answers, and what each takes of a processor."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import text
from support.database.rows import Term
from support.people.callers import COURSE, TEACHER, archive_item, upload_item

from benchmarks.clients import Answers, Call, announce, drive, post, put_all
from benchmarks.processes import cpu_seconds
from benchmarks.report import Table, decimal
from benchmarks.scene import STORES, Scene, assignment, running_service, student
from benchmarks.sizes import Sizes
from nbexchange.api.assignments.listing import PAGE
from nbexchange.api.db.engine import Database, clock

WARM_UP = 10
"""A tenth more calls come before the timing: the first of a kind compiles its statements."""


def with_warm_up(count: int) -> int:
    return count + max(1, count // WARM_UP)


BODY = b"work"
HEAD = (
    "call",
    "calls",
    "calls/s",
    "median wait, ms",
    "service CPU, ms/call",
    "PostgreSQL CPU, ms/call",
    "calls/s and core of the service",
)


def run(folder: Path, sizes: Sizes) -> Iterator[Table]:
    for store in sizes.stores:
        name = STORES[store]
        with running_service(folder / store, store, workers=1) as scene:
            _fill(scene.database, sizes)
            note = (
                f"{sizes.clients} clients at a time (threads of another process) against one worker process; "
                f"{sizes.students} students, {sizes.assignments} assignments, one attempt each with feedback. The "
                "last column is what one core would answer if it did nothing but the service's work."
            )
            yield Table(f"Calls, on PostgreSQL and {name}", note, HEAD, list(_measure(scene, sizes)))


def _fill(database: Database, sizes: Sizes) -> None:
    """Every assignment released; of every student one attempt for each, with feedback on it."""
    names = list(map(assignment, range(sizes.assignments)))
    with database.write() as session:
        started = clock(session) - timedelta(days=7)
        term = Term(session, list(map(student, range(sizes.students))), names, started)
        for name in names:
            term.hand_in(name, started)
    with database.engine.connect() as connection:  # as the server's own housekeeping does in the long run
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))


@dataclass(frozen=True)
class _Bench:
    scene: Scene
    sizes: Sizes

    def time(self, name: str, calls: Sequence[Call], count: int) -> tuple[list[str], Answers]:
        """A row for the last `count` of these calls, and all that was answered."""
        first = len(calls) - count
        warm = self._drive(calls[:first])
        before = self._cpu()
        timed = self._drive(calls[first:])
        spent = [after - start for after, start in zip(self._cpu(), before, strict=True)]
        service, database = (1000 * seconds / count for seconds in spent)
        per_core = 1000 / service if service else 0  # the kernel counts in hundredths of a second
        figures = [count / timed.seconds, 1000 * median(timed.waits), service, database, per_core]
        everything = Answers(warm.bodies + timed.bodies, timed.seconds, timed.waits)
        return [name, str(count), *map(decimal, figures)], everything

    def _drive(self, calls: Sequence[Call]) -> Answers:
        return drive(self.scene.service.base_url, calls, self.sizes.clients)

    def _cpu(self) -> list[float]:
        return [cpu_seconds(self.scene.pid), cpu_seconds(self.scene.postgresql_pid)]

    def send(self, answers: Answers) -> None:
        put_all(self.scene.service.base_url, answers.items(), BODY, self.sizes.clients)


def _measure(scene: Scene, sizes: Sizes) -> Iterator[list[str]]:
    bench = _Bench(scene, sizes)
    teacher = scene.token(TEACHER)
    students = [scene.token(student(number)) for number in range(sizes.callers)]
    more = range(with_warm_up(sizes.lists))
    turns = [students[n % len(students)] for n in more]

    calls = [Call(token, "GET", "v1/me") for token in turns]
    yield bench.time("`GET v1/me`", calls, sizes.lists)[0]
    yield from _submit(bench, students)
    calls = [Call(token, "GET", "v1/assignments") for token in turns]
    name = f"`GET v1/assignments`, a student's: {sizes.assignments} assignments"
    yield bench.time(name, calls, sizes.lists)[0]
    query = f"v1/submissions?course_id={COURSE}&latest=true&assignment_id="
    calls = [Call(teacher, "GET", query + assignment(n % sizes.assignments)) for n in more]
    name = f"`GET v1/submissions`, an instructor's: a page of {min(PAGE, sizes.students)}"
    yield bench.time(name, calls, sizes.lists)[0]
    yield from _batches(bench, teacher)


def _submit(bench: _Bench, students: Sequence[str]) -> Iterator[list[str]]:
    """Initiate and complete, one submission a call, by students in turn."""
    sizes = bench.sizes
    # Three may be unfinished at a time.
    attempts = list(product(range(3), range(sizes.assignments), students))
    timed = attempts[: with_warm_up(sizes.initiates)]
    announced = [(token, assignment(name), archive_item(BODY)) for _, name, token in timed]
    calls = [announce(token, "submission", name, [entry]) for token, name, entry in announced]
    row, answers = bench.time("`POST v1/uploads`, a submission", calls, sizes.initiates)
    yield row
    bench.send(answers)
    calls = [post(token, "v1/uploads/complete", {"ids": [entry["id"]]}) for token, _, entry in announced]
    row, answers = bench.time("`POST v1/uploads/complete`, a submission", calls, sizes.initiates)
    assert {entry["record"]["submitted_by"] for entry in answers.items()} <= set(
        map(student, range(sizes.callers))
    )
    yield row


def _batches(bench: _Bench, teacher: str) -> Iterator[list[str]]:
    """What an instructor does with a hundred students at a time, on other submissions in each call."""
    sizes = bench.sizes
    groups = list(_groups(bench, teacher))
    asked = [[{"kind": "submission", "id": entry["id"]} for entry in group] for group in groups]
    calls = [post(teacher, "v1/downloads", {"items": items}) for items in asked]
    row, answers = bench.time(f"`POST v1/downloads`, {sizes.items} submissions", calls, sizes.batches)
    assert len(answers.items()) == sizes.items * len(groups)
    yield row
    announced = [(group[0]["assignment_id"], [_feedback(entry) for entry in group]) for group in groups]
    calls = [announce(teacher, "feedback", name, items) for name, items in announced]
    row, answers = bench.time(f"`POST v1/uploads`, feedback for {sizes.items}", calls, sizes.batches)
    yield row
    bench.send(answers)
    calls = [
        post(teacher, "v1/uploads/complete", {"ids": [entry["id"] for entry in items]})
        for _, items in announced
    ]
    row, answers = bench.time(f"`POST v1/uploads/complete`, feedback for {sizes.items}", calls, sizes.batches)
    assert len(answers.items()) == sizes.items * len(groups)
    yield row


def _groups(bench: _Bench, teacher: str) -> Iterator[list[dict[str, Any]]]:
    """Submissions of one assignment each, as many as a batch has; none of them twice."""
    remaining = with_warm_up(bench.sizes.batches)
    for number in range(bench.sizes.assignments):
        path = f"v1/submissions?course_id={COURSE}&assignment_id={assignment(number)}&latest=true"
        (body,) = drive(bench.scene.service.base_url, [Call(teacher, "GET", path)], 1).bodies
        submissions = json.loads(body)["submissions"]
        for start in range(0, len(submissions) - bench.sizes.items + 1, bench.sizes.items):
            if remaining:
                yield submissions[start : start + bench.sizes.items]
                remaining -= 1


def _feedback(submission: dict[str, Any]) -> dict[str, Any]:
    return upload_item(
        BODY, student_id=submission["student_id"], submission_id=submission["id"], notebook_id="p1"
    )
