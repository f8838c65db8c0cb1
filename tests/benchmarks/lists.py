"""What lists cost where one student has made as much as the limits allow: many attempts with many notebooks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import psutil
from support.database.rows import Term
from support.people.callers import COURSE, TEACHER
from support.servers.memory import peak

from benchmarks.clients import Call, drive
from benchmarks.report import Table, decimal
from benchmarks.scene import assignment, student
from benchmarks.sizes import MB, Sizes
from nbexchange.api.assignments.listing import ASSIGNMENTS_PAGE
from nbexchange.api.auth.tokens import TokenFile
from nbexchange.api.db import upgrade as schema
from nbexchange.api.db.engine import clock, connect
from nbexchange.demo import servers
from nbexchange.protocol import MAX_NOTEBOOK_BYTES, PROTOCOL_HEADER, REVISION

AT_ONCE = 6
NOTEBOOKS = MAX_NOTEBOOK_BYTES // 16 * [8 * "\N{LATIN SMALL LETTER A WITH MACRON}"]
"""As many as an upload may list: each name has 16 bytes, and its characters take most memory."""

HEAD = ("list", "answer, kB", "longest wait, ms", "resident before, MB", "peak, MB")


def run(folder: Path, sizes: Sizes) -> Iterator[Table]:
    for kind in ("SQLite", "PostgreSQL"):
        with ExitStack() as stack:
            url = f"sqlite:///{folder / 'exchange.sqlite'}"
            if kind == "PostgreSQL":
                url = stack.enter_context(servers.postgresql(folder / "postgresql"))
            _fill(url, sizes)
            settings = {"NBEXCHANGE_DB_URL": url, "NBEXCHANGE_WORKERS": "1"}
            service = stack.enter_context(servers.service(folder / kind, settings))
            rows = list(_measure(service))
        note = (
            f"One student has {sizes.attempts} attempts at each of {ASSIGNMENTS_PAGE} assignments, each with feedback "
            f"and {len(NOTEBOOKS)} notebooks, which is all that is allowed. Memory is that of the one worker process."
        )
        yield Table(f"Lists of one who submits without end, on {kind}", note, HEAD, rows)


def _fill(url: str, sizes: Sizes) -> None:
    database = connect(url)
    schema.prepare(database)
    names = list(map(assignment, range(ASSIGNMENTS_PAGE)))
    with database.write() as session:
        started = clock(session.connection()) - timedelta(days=30)
        term = Term(session, [student(0)], names, started, NOTEBOOKS)
        for attempt in range(1, sizes.attempts + 1):
            for name in names:
                term.hand_in(name, started + timedelta(minutes=attempt), attempt)
    database.engine.dispose()


def _measure(service: servers.Service) -> Iterator[Sequence[str]]:
    tokens = TokenFile(service.log.parent / "data" / "tokens.json")
    (worker,) = psutil.Process(service.server.pid).children()

    def row(name: str, role: str, path: str, times: int) -> Sequence[str]:
        user = {"name": name, "courses": [{"course_id": COURSE, "course_role": role}]}
        call = Call(tokens.create(user), "GET", path, own_headers={PROTOCOL_HEADER: str(REVISION)})
        before = worker.memory_info().rss
        answers = drive(service.base_url, [call] * times, times)
        figures = [
            len(answers.bodies[0]) / 1000,
            1000 * max(answers.waits),
            before / MB,
            peak(worker.pid) / MB,
        ]
        return [f"`GET {path}`, {times} at once", *map(decimal, figures)]

    yield row(student(0), "Student", "v1/assignments", AT_ONCE)
    yield row(TEACHER, "Instructor", f"v1/submissions?course_id={COURSE}&latest=true", 1)
    yield row(TEACHER, "Instructor", f"v1/submissions?course_id={COURSE}", AT_ONCE)
