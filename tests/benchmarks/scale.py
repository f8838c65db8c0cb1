"""What each list costs in a large crowd beside a small one: for a page it should not matter what else there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from pathlib import Path
from statistics import median
from time import thread_time
from typing import Any
from unittest.mock import patch

from sqlalchemy import text
from support.database.crowd import Crowd
from support.database.postgresql import new_database
from support.people.callers import COURSE, TEACHER, Caller
from support.people.lists import ELSEWHERE, LISTS, STUDENT, ListCall
from support.servers.in_process import app_of, runtime_in, token_file_in

from benchmarks.report import Table, decimal
from benchmarks.sizes import Sizes
from nbexchange.api.db import upgrade as schema
from nbexchange.api.db.engine import Database, connect
from nbexchange.api.rosters import read
from nbexchange.demo import servers
from nbexchange.protocol import PROTOCOL_HEADER, REVISION

SMALL = 10_000
"""Uploads of the small crowd: enough for a page of submissions."""

PAGED = {PROTOCOL_HEADER: str(REVISION)}

Calls = Callable[["_Crowd"], Iterator[Callable[[], Any]]]
"""Calls of one kind by people of a crowd, one after the other."""

ROSTER_PAGE = 500
"""So that the people of the small crowd fill a page."""

NOTE = (
    "The service in this process, with {small} uploads and with {large}, in turns; figures are medians of {rounds} "
    "calls, in milliseconds of a processor. A page of the roster has {roster} people."
)


def run(folder: Path, sizes: Sizes) -> Iterator[Table]:
    for kind, databases in (("PostgreSQL", _postgresql), ("SQLite", _sqlite)):
        (folder / kind).mkdir()
        with databases(folder / kind, sizes) as (small, large), patch.object(read, "PAGE", ROSTER_PAGE):
            rows = [[name, *_beside(calls, small, large, sizes.batches)] for name, calls in _calls(sizes)]
        counts = [f"{count:,}".replace(",", " ") for count in _counts(sizes)]
        note = NOTE.format(
            small=counts[0],
            large=counts[1],
            rounds=sizes.batches,
            roster=ROSTER_PAGE,
        )
        who = ["service"] if kind == "SQLite" else ["service", "PostgreSQL"]
        head = ["list", *(f"{name}{words}" for name in who for words in (", few", ", many", ", ratio"))]
        yield Table(f"Lists of few and of many uploads, on {kind}", note, head, rows)


def _counts(sizes: Sizes) -> tuple[int, int]:
    return min(SMALL, sizes.crowd), sizes.crowd


# --- crowds -------------------------------------------------------------------------------------------------


@dataclass
class _Crowd:
    """The people of a crowd, and the process of its database."""

    people: Mapping[str, Caller]
    pid: int | None

    def clocks(self) -> list[float]:
        """Milliseconds of a processor: of this thread, and of PostgreSQL's process that serves it."""
        clocks = [1000 * thread_time()]
        if self.pid is not None:
            clocks.append(int(Path(f"/proc/{self.pid}/schedstat").read_text().split()[0]) / 1e6)
        return clocks


SIZES = ("few", "many")


@contextmanager
def _sqlite(folder: Path, sizes: Sizes) -> Iterator[list[_Crowd]]:
    with ExitStack() as stack:
        urls = [f"sqlite:///{folder}/{size}.sqlite" for size in SIZES]
        yield [
            _crowd(stack, folder / size, *each)
            for size, *each in zip(SIZES, urls, _counts(sizes), strict=True)
        ]


@contextmanager
def _postgresql(folder: Path, sizes: Sizes) -> Iterator[list[_Crowd]]:
    with servers.postgresql(folder / "server") as server, ExitStack() as stack:
        urls = [stack.enter_context(new_database(server, size)) for size in SIZES]
        yield [
            _crowd(stack, folder / size, *each)
            for size, *each in zip(SIZES, urls, _counts(sizes), strict=True)
        ]


def _crowd(stack: ExitStack, folder: Path, url: str, count: int) -> _Crowd:
    database = connect(url, pool_size=1)  # one process of PostgreSQL, whose time is counted
    stack.callback(database.engine.dispose)
    schema.prepare(database)
    Crowd(count).fill(database)
    folder.mkdir()
    client = app_of(runtime_in(folder, database, has_rosters=True)).test_client()
    tokens = token_file_in(folder)

    def caller(name: str, role: str) -> Caller:
        courses = [{"course_id": course, "course_role": role} for course in (COURSE, ELSEWHERE)]
        return Caller(name, client, tokens.create({"name": name, "courses": courses}))

    people = {STUDENT: caller(STUDENT, "Student"), TEACHER: caller(TEACHER, "Instructor")}
    return _Crowd(people, _pid(database))


def _pid(database: Database) -> int | None:
    if database.engine.dialect.name == "sqlite":
        return None
    with database.connect() as connection:
        return connection.scalar(text("SELECT pg_backend_pid()"))


# --- calls --------------------------------------------------------------------------------------------------


def _calls(sizes: Sizes) -> Iterator[tuple[str, Calls]]:
    for asked in LISTS:
        yield asked.name, partial(_lists, asked)
    yield f"`POST v1/downloads`, {sizes.items} submissions", partial(_downloads, sizes.items)


def _lists(asked: ListCall, crowd: _Crowd) -> Iterator[Callable[[], Any]]:
    ask = partial(crowd.people[asked.who].call, "GET", asked.path, headers=PAGED)
    query = dict(asked.query)
    if asked.second_page and (cursor := ask(query_string=query).json.get("cursor")):
        query["cursor"] = cursor
    yield from repeat(partial(ask, query_string=query))


def _downloads(items: int, crowd: _Crowd) -> Iterator[Callable[[], Any]]:
    """Of other submissions each time: what was asked for within a day is not logged again."""
    teacher = crowd.people[TEACHER]
    query = {"course_id": COURSE}
    ids: list[str] = []
    while True:
        if len(ids) < items:
            page = teacher.get("submissions", **query).json
            ids += [record["id"] for record in page["submissions"]]
            query |= {"cursor": page["cursor"]} if "cursor" in page else {}
        asked, ids = ids[:items], ids[items:]
        yield partial(
            teacher.post, "downloads", {"items": [{"kind": "submission", "id": uuid} for uuid in asked]}
        )


def _beside(calls: Calls, small: _Crowd, large: _Crowd, rounds: int) -> list[str]:
    """For each clock what a call takes of it, in the small crowd and in the large, and the ratio."""
    crowds = [(crowd, calls(crowd)) for crowd in (small, large)]
    spent: list[list[list[float]]] = [[], []]
    for _ in range(1 + rounds):
        for (crowd, calls_of_crowd), figures in zip(crowds, spent, strict=True):
            call = next(calls_of_crowd)
            before = crowd.clocks()
            answer = call()
            figures.append([after - start for after, start in zip(crowd.clocks(), before, strict=True)])
            assert answer.status_code == 200, answer.json
    cells = []
    few, many = ([median(clock) for clock in zip(*figures[1:], strict=True)] for figures in spent)
    for pair in zip(few, many, strict=True):
        cells += [decimal(pair[0]), decimal(pair[1]), decimal(pair[1] / pair[0] if pair[0] else 0)]
    return cells
