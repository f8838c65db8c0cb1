"""Where the processor time of a call goes, by layer: calls to the application in this process, and over HTTP."""

from __future__ import annotations

import cProfile
import pstats
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from support.people.callers import COURSE, TEACHER, archive_item
from support.servers.in_process import app_of, runtime_in

from benchmarks.clients import Call, announce, drive
from benchmarks.filling import BODY, fill_with_rows
from benchmarks.processes import cpu_seconds
from benchmarks.report import Table, decimal
from benchmarks.scene import Scene, assignment, running_service, student
from benchmarks.sizes import Sizes
from nbexchange.api.cli.base import start_logging
from nbexchange.api.config.quotas import Quotas
from nbexchange.api.http.wsgi import Answer, make_environ, put_body

LAYERS = {
    "SQL": ("/sqlalchemy/", "/psycopg/", "/api/db/"),
    "Flask": ("/flask/", "/werkzeug/", "/blinker/"),
    "authentication": ("/api/auth/", "/access/identity.py"),
    "store": ("/nbexchange/storage/", "/urllib/parse.py", "/hmac.py"),
    "encoding": ("/json/", "/msgspec/", "/api/wire/", "/http/messages.py"),
    "log": ("/logging/", "/redaction.py"),
}
"""By parts of the paths of their modules. What a built-in function takes belongs to the layer that calls it."""
OWN = "our own code"
HEAD = ("call", "in all, ms", "HTTP server, ms", *(f"{layer}, ms" for layer in (*LAYERS, OWN)))


def run(folder: Path, sizes: Sizes) -> Iterator[Table]:
    note = (
        "Service CPU on PostgreSQL and a directory, one call after the other. The HTTP server is what a call over HTTP "
        "takes more than one to the application; the layers are shares of a profile, which makes many small functions "
        "look dearer than they are. Waiting for the database is in none of them."
    )
    with running_service(folder / "service", "local", workers=1) as scene:
        fill_with_rows(scene.database, sizes)
        start_logging(debug=False)
        rows = [_row(scene, name, *calls, sizes) for name, calls in _calls(scene, sizes).items()]
    yield Table("Where the time of a call goes", note, HEAD, rows)


def _calls(scene: Scene, sizes: Sizes) -> dict[str, tuple[Sequence[Call], Sequence[Call]]]:
    """Of each kind, the calls over HTTP and as many to the application, which may be no call twice."""
    teacher = scene.token(TEACHER)
    students = [scene.token(student(number)) for number in range(sizes.callers)]
    count = 3 * sizes.lists

    def of(make: Callable[[int], Call]) -> tuple[Sequence[Call], Sequence[Call]]:
        return [make(n) for n in range(count)], [make(n) for n in range(count)]

    def own(n: int) -> str:
        return students[n % len(students)]

    page = f"v1/submissions?course_id={COURSE}&assignment_id={assignment(0)}"
    return {
        "`GET v1/me`": of(lambda n: Call(own(n), "GET", "v1/me")),
        "`POST v1/uploads`, a submission": of(
            # Three of a student for one assignment may be unfinished at a time.
            lambda n: announce(
                own(n),
                "submission",
                assignment(n // len(students) % sizes.assignments),
                [archive_item(BODY)],
            )
        ),
        "`GET v1/assignments`": of(lambda n: Call(own(n), "GET", "v1/assignments")),
        "`GET v1/submissions`": of(lambda _: Call(teacher, "GET", page)),
    }


def _row(scene: Scene, name: str, sent: Sequence[Call], direct: Sequence[Call], sizes: Sizes) -> list[str]:
    data = Path(scene.tokens.path).parent
    quotas = Quotas(submissions_per_minute=0, submissions_per_day=0, pending_submissions=0)
    app = app_of(runtime_in(data, scene.database, quotas=quotas))
    third = len(direct) // 3
    drive(scene.service.base_url, sent[:third], 1)
    before = cpu_seconds(scene.pid)
    drive(scene.service.base_url, sent[third:], 1)
    over_http = (cpu_seconds(scene.pid) - before) / (len(sent) - third)
    _answer_all(app, direct[:third])
    before = time.process_time()
    _answer_all(app, direct[third : 2 * third])
    in_process = (time.process_time() - before) / third
    profile = cProfile.Profile(time.process_time)
    profile.runcall(_answer_all, app, direct[2 * third :])
    shares = _shares(profile)
    figures = [over_http, over_http - in_process, *(in_process * shares[layer] for layer in (*LAYERS, OWN))]
    return [name, *(decimal(1000 * figure) for figure in figures)]


def _answer_all(app: Any, calls: Sequence[Call]) -> None:
    for call in calls:
        path, _, query = f"/services/nbexchange/{call.path}".partition("?")
        headers = {"authorization": f"token {call.token}", "content-type": "application/json"}
        body = call.body or b""
        headers["content-length"] = str(len(body))
        environ = make_environ(
            {
                "method": call.method,
                "path": path,
                "query_string": query.encode(),
                "http_version": "1.1",
                "server": ("127.0.0.1", 80),
                "client": ("127.0.0.1", 1),
                "scheme": "http",
                "headers": [(key.encode(), value.encode()) for key, value in headers.items()],
            }
        )
        put_body(environ, body)
        answer = Answer(app, environ)
        answer.close()
        if answer.status != 200:
            raise RuntimeError(f"{call.method} {call.path}: {answer.status} {answer.content[:500]!r}")


def _shares(profile: cProfile.Profile) -> Counter[str]:
    """Of the time of a profile, what each layer took; all of them are 1."""
    spent: Counter[str] = Counter()
    functions: Any = pstats.Stats(profile).stats  # type: ignore[attr-defined]  # its types do not say so
    for (path, _, _), (_, _, own, _, callers) in functions.items():
        if path == "~":
            for (caller, _, _), (_, _, seconds, _) in callers.items():
                spent[_layer(caller)] += seconds
        else:
            spent[_layer(path)] += own
    total = sum(spent.values())
    return Counter({layer: seconds / total for layer, seconds in spent.items()})


def _layer(path: str) -> str:
    return next((layer for layer, names in LAYERS.items() if any(name in path for name in names)), OWN)
