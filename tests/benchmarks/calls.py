"""What calls cost: how many a second one worker process answers, and what each takes of a processor."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

from support.people.callers import COURSE, TEACHER, archive_item

from benchmarks.clients import Answers, Call, announce, drive, post, put_all
from benchmarks.filling import BODY, all_submissions, feedback_on, fill_with_rows
from benchmarks.report import Table, decimal
from benchmarks.scene import (
    STORES,
    Scene,
    assignment,
    counted_statements,
    running_service,
    student,
)
from benchmarks.sizes import Sizes
from nbexchange.api.assignments.submissions import PAGE

TURNS = 5
"""In so many parts calls are timed, for others to take turns: the speed of a machine changes within seconds."""

WARM_UP = 24
"""At least so many calls come before the timing, or a tenth: the first compile, prepare and plan statements."""


def with_warm_up(count: int) -> int:
    """So many timed calls, with those before them and the one after them whose statements are counted."""
    return count + max(WARM_UP, count // 10) + 1


HEAD = (
    "call",
    "calls",
    "calls/s",
    "median wait, ms",
    "service CPU, ms/call",
    "PostgreSQL CPU, ms/call",
    "statements",
    "calls/s and core of the service",
)
SETUP = (
    "{0.clients} clients at a time (threads of another process) against one worker process; {0.students} students, "
    "{0.assignments} assignments, one attempt each with feedback. Statements are what PostgreSQL logs of one "
    "more call, without BEGIN, COMMIT and ROLLBACK."
)


def run(folder: Path, sizes: Sizes) -> Iterator[Table]:
    for store in sizes.stores:
        with running_service(folder / store, store, workers=1) as scene:
            fill_with_rows(scene.database, sizes)
            note = (
                f"{SETUP.format(sizes)} The last column is what one core would answer if it did nothing but the "
                "service's work."
            )
            rows = [cost.as_row() for cost in measure(scene, sizes) if cost]
            yield Table(f"Calls, on PostgreSQL and {STORES[store]}", note, HEAD, rows)


@dataclass(frozen=True)
class Cost:
    """What a call took, on average; times are in milliseconds."""

    call: str
    count: int
    per_second: float
    wait: float
    """The median."""
    service: float
    """CPU of the service's processes."""
    database: float
    """CPU of PostgreSQL's processes."""
    statements: int

    def as_row(self) -> list[str]:
        figures = [self.per_second, self.wait, self.service, self.database]
        per_core = 1000 / self.service if self.service else 0  # the kernel counts in hundredths of a second
        return [self.call, str(self.count), *map(decimal, figures), str(self.statements), decimal(per_core)]


T = TypeVar("T")
Turns = Generator[Cost | None, None, T]
"""Gives what a call cost when that is known, and None wherever another version may have its turn."""


@dataclass(frozen=True)
class _Bench:
    scene: Scene
    sizes: Sizes

    def time(self, name: str, calls: Sequence[Call], count: int) -> Turns[tuple[Cost, Answers]]:
        """What `count` of these calls cost, and all that was answered: the last is counted, and others warm up."""
        first = len(calls) - count - 1
        answers = [self._drive(calls[:first])]
        yield None
        before = self.scene.cpu_seconds()
        for turn in _turns(calls[first:-1]):
            answers.append(self._drive(turn))
            spent = [after - start for after, start in zip(self.scene.cpu_seconds(), before, strict=True)]
            yield None
        timed = answers[1:]
        with counted_statements(self.scene) as statements:
            answers.append(self._drive(calls[-1:]))
        service, database = (1000 * seconds / count for seconds in spent)
        seconds = sum(part.seconds for part in timed)
        waits = [wait for part in timed for wait in part.waits]
        cost = Cost(name, count, count / seconds, 1000 * median(waits), service, database, len(statements))
        return cost, Answers([body for part in answers for body in part.bodies], seconds, waits)

    def _drive(self, calls: Sequence[Call]) -> Answers:
        return drive(self.scene.service.base_url, calls, self.sizes.clients)

    def send(self, answers: Answers) -> None:
        put_all(self.scene.service.base_url, answers.items(), BODY, self.sizes.clients)


def _turns(calls: Sequence[Call]) -> Iterator[Sequence[Call]]:
    most = ceil(len(calls) / TURNS)
    return (calls[start : start + most] for start in range(0, len(calls), most))


def measure(scene: Scene, sizes: Sizes) -> Turns[None]:
    """The cost of each call, one after the other; None each time that it is another's turn."""
    bench = _Bench(scene, sizes)
    teacher = scene.token(TEACHER)
    students = [scene.token(student(number)) for number in range(sizes.callers)]
    more = range(with_warm_up(sizes.lists))
    turns = [students[n % len(students)] for n in more]

    calls = [Call(token, "GET", "v1/me") for token in turns]
    yield (yield from bench.time("`GET v1/me`", calls, sizes.lists))[0]
    yield from _submit(bench, students)
    calls = [Call(token, "GET", "v1/assignments") for token in turns]
    name = f"`GET v1/assignments`, a student's: {sizes.assignments} assignments"
    yield (yield from bench.time(name, calls, sizes.lists))[0]
    query = f"v1/submissions?course_id={COURSE}&latest=true&assignment_id="
    calls = [Call(teacher, "GET", query + assignment(n % sizes.assignments)) for n in more]
    name = f"`GET v1/submissions`, an instructor's: a page of {min(PAGE, sizes.students)}"
    yield (yield from bench.time(name, calls, sizes.lists))[0]
    yield from _batches(bench, teacher)


def _submit(bench: _Bench, students: Sequence[str]) -> Turns[None]:
    """Initiate and complete, one submission a call, by students in turn."""
    sizes = bench.sizes
    # Three may be unfinished at a time.
    attempts = list(product(range(3), range(sizes.assignments), students))
    timed = attempts[: with_warm_up(sizes.initiates)]
    announced = [(token, assignment(name), archive_item(BODY)) for _, name, token in timed]
    calls = [announce(token, "submission", name, [entry]) for token, name, entry in announced]
    cost, answers = yield from bench.time("`POST v1/uploads`, a submission", calls, sizes.initiates)
    yield cost
    bench.send(answers)
    calls = [post(token, "v1/uploads/complete", {"ids": [entry["id"]]}) for token, _, entry in announced]
    cost, answers = yield from bench.time("`POST v1/uploads/complete`, a submission", calls, sizes.initiates)
    assert {entry["record"]["submitted_by"] for entry in answers.items()} <= set(
        map(student, range(sizes.callers))
    )
    yield cost


def _batches(bench: _Bench, teacher: str) -> Turns[None]:
    """What an instructor does with a hundred students at a time, on other submissions in each call."""
    sizes = bench.sizes
    groups = list(_groups(bench, teacher))
    asked = [[{"kind": "submission", "id": entry["id"]} for entry in group] for group in groups]
    calls = [post(teacher, "v1/downloads", {"items": items}) for items in asked]
    cost, answers = yield from bench.time(
        f"`POST v1/downloads`, {sizes.items} submissions", calls, sizes.batches
    )
    assert len(answers.items()) == sizes.items * len(groups)
    yield cost
    announced = [(group[0]["assignment_id"], [feedback_on(entry) for entry in group]) for group in groups]
    calls = [announce(teacher, "feedback", name, items) for name, items in announced]
    cost, answers = yield from bench.time(
        f"`POST v1/uploads`, feedback for {sizes.items}", calls, sizes.batches
    )
    yield cost
    bench.send(answers)
    calls = [
        post(teacher, "v1/uploads/complete", {"ids": [entry["id"] for entry in items]})
        for _, items in announced
    ]
    cost, answers = yield from bench.time(
        f"`POST v1/uploads/complete`, feedback for {sizes.items}", calls, sizes.batches
    )
    assert len(answers.items()) == sizes.items * len(groups)
    yield cost


def _groups(bench: _Bench, teacher: str) -> Iterator[list[dict[str, Any]]]:
    """Submissions of one assignment each, as many as a batch has; none of them twice."""
    remaining = with_warm_up(bench.sizes.batches)
    for number in range(bench.sizes.assignments):
        path = f"v1/submissions?course_id={COURSE}&assignment_id={assignment(number)}&latest=true"
        submissions = list(all_submissions(bench.scene, teacher, path))
        for start in range(0, len(submissions) - bench.sizes.items + 1, bench.sizes.items):
            if remaining:
                yield submissions[start : start + bench.sizes.items]
                remaining -= 1
