"""What it costs to find out who is calling, for each authenticator, and what a slow hub costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from support.hub.scripted_hub import ScriptedHub, model, scripted_hub
from support.people.callers import COURSE
from support.servers.issuers import AUDIENCE, ISSUER, jwks, token

from benchmarks.clients import Call, drive
from benchmarks.processes import cpu_seconds
from benchmarks.report import Table, decimal
from benchmarks.sizes import Sizes
from nbexchange.api.auth.tokens import TokenFile
from nbexchange.demo import servers

CLIENTS = 8
"""At the same time; as many threads as the service has."""

HUB_SECONDS = 0.2
"""How long the slow hub takes to answer."""

ONE_WORKER = {"NBEXCHANGE_WORKERS": "1", "NBEXCHANGE_THREADS": str(CLIENTS)}

PROXY_SECRET = "s" * 32

OWN_CLASS = f'''
class Headers:
    def get_current_user(self, request):
        return {{"name": request.headers["X-Name"], "course_id": "{COURSE}", "course_role": "Student"}}
'''


@dataclass(frozen=True)
class Way:
    """One way to know people: the service's settings, and the call of the n-th person."""

    name: str
    settings: Mapping[str, str]
    call: Callable[[int], Call]


def run(folder: Path, sizes: Sizes) -> Iterator[Table]:
    yield _warm(folder, sizes)
    yield _cold(folder, sizes.people)


# --- with everything in memory -----------------------------------------------------------------------------


def _warm(folder: Path, sizes: Sizes) -> Table:
    note = (
        f"`GET v1/me` by {sizes.people} people in turn, {CLIENTS} at a time, against one worker process on SQLite, "
        "after everybody has called once. The last column is what one core would answer if it did nothing else."
    )
    head = ("way", "calls", "calls/s", "median wait, ms", "service CPU, ms/call", "calls/s and core")
    people = sizes.people
    with scripted_hub({_hub_token(n): model(_name(n), f"nbgrader-{COURSE}") for n in range(people)}) as hub:
        ways = [
            _static(folder / "tokens", people),
            _hub(hub),
            _jwt(people),
            _proxy(),
            _own_class(folder / "own"),
        ]
        rows = [_measure(folder / str(number), way, sizes) for number, way in enumerate(ways)]
    return Table("Who is calling", note, head, rows)


def _measure(folder: Path, way: Way, sizes: Sizes) -> list[str]:
    count, people = sizes.identities, sizes.people
    with servers.service(folder, {**ONE_WORKER, **way.settings}) as service:
        drive(service.base_url, [way.call(n) for n in range(people)], CLIENTS)
        before = cpu_seconds(service.server.pid)
        answers = drive(service.base_url, [way.call(n % people) for n in range(count)], CLIENTS)
        spent = 1000 * (cpu_seconds(service.server.pid) - before) / count
    figures = [count / answers.seconds, 1000 * median(answers.waits), spent, 1000 / spent if spent else 0]
    return [way.name, str(count), *map(decimal, figures)]


def _static(folder: Path, people: int) -> Way:
    tokens = TokenFile(folder / "tokens.json")
    issued = [tokens.create({"name": _name(n), "courses": []}) for n in range(people)]
    settings = {"NBEXCHANGE_TOKEN_FILE": str(tokens.path)}
    return Way("`tokens`", settings, lambda n: Call(issued[n], "GET", "v1/me"))


def _hub(hub: ScriptedHub) -> Way:
    settings = {
        "NBEXCHANGE_USER_PLUGIN_CLASS": "jupyterhub",
        "NBEXCHANGE_HUB_API_URL": hub.api_url,
        "NBEXCHANGE_HUB_SERVICE_NAME": "exchange",
    }
    return Way("`jupyterhub`", settings, lambda n: Call(_hub_token(n), "GET", "v1/me"))


def _jwt(people: int) -> Way:
    settings = {
        "NBEXCHANGE_USER_PLUGIN_CLASS": "jwt",
        "NBEXCHANGE_JWT_ISSUER": ISSUER,
        "NBEXCHANGE_JWT_AUDIENCE": AUDIENCE,
        "NBEXCHANGE_JWT_KEY": jwks("one"),
    }
    course = {"course_id": COURSE, "course_role": "Student"}
    issued = [token(name=_name(n), **course) for n in range(people)]
    return Way("`jwt`, RS256", settings, lambda n: Call(issued[n], "GET", "v1/me"))


def _proxy() -> Way:
    settings = {
        "NBEXCHANGE_USER_PLUGIN_CLASS": "proxy",
        "NBEXCHANGE_PROXY_TRUSTED_NETWORKS": "['127.0.0.1/32']",
        "NBEXCHANGE_PROXY_SECRET": PROXY_SECRET,
    }
    return Way("`proxy`", settings, lambda n: Call(None, "GET", "v1/me", own_headers=_proxy_headers(n)))


def _proxy_headers(number: int) -> dict[str, str]:
    said = {"X-Forwarded-User": _name(number), "X-Forwarded-Groups": f"nbgrader-{COURSE},staff"}
    return {**said, "X-NbExchange-Proxy-Secret": PROXY_SECRET}


def _own_class(folder: Path) -> Way:
    folder.mkdir()
    (folder / "own_class.py").write_text(OWN_CLASS)
    settings = {"NBEXCHANGE_USER_PLUGIN_CLASS": "own_class.Headers", "PYTHONPATH": str(folder)}
    return Way(
        "a class that reads a header",
        settings,
        lambda n: Call(None, "GET", "v1/me", own_headers={"X-Name": _name(n)}),
    )


def _name(number: int) -> str:
    return f"student-{number:02}"


def _hub_token(number: int) -> str:
    return f"token-of-{_name(number)}"


# --- with a slow hub ---------------------------------------------------------------------------------------


ROUNDS = 4

PATTERNS: Mapping[str, Callable[[int, int], int]] = {
    "everybody in turn": lambda n, people: n % people,
    f"{ROUNDS} of each person at the same moment": lambda n, people: n // ROUNDS,
}
"""Who makes the n-th call, of that many people."""


def _cold(folder: Path, people: int) -> Table:
    note = (
        f"{people} people whom the service does not know yet, each calling {ROUNDS} times, {CLIENTS} calls at a time, "
        f"and a hub that takes {1000 * HUB_SECONDS:.0f} ms for an answer. From then on it is asked once a minute for "
        "each person who goes on calling."
    )
    head = ("calls", "calls made", "hub asked", "most at once", "all, s", "median wait, ms", "longest, ms")
    return Table(
        "First calls with a slow hub", note, head, [_first_calls(folder, name, people) for name in PATTERNS]
    )


def _first_calls(folder: Path, pattern: str, people: int) -> list[str]:
    with scripted_hub({_hub_token(n): model(_name(n)) for n in range(people)}) as hub:
        hub.seconds = HUB_SECONDS
        way = _hub(hub)
        calls = [way.call(PATTERNS[pattern](n, people)) for n in range(ROUNDS * people)]
        with servers.service(folder / "cold", {**ONE_WORKER, **way.settings}) as service:
            answers = drive(service.base_url, calls, CLIENTS)
    figures = [answers.seconds, 1000 * median(answers.waits), 1000 * max(answers.waits)]
    return [pattern, str(len(calls)), str(hub.asked.total()), str(hub.most_at_once), *map(decimal, figures)]
