"""What an ordinary student waits while others send nothing, a byte now and then, or their bodies slowly."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from support.people.callers import COURSE, SERVICE, Caller
from support.people.http_clients import HttpClient

from benchmarks.report import Table, decimal
from benchmarks.sizes import Sizes
from nbexchange.api.auth.tokens import TokenFile
from nbexchange.demo import servers
from nbexchange.demo.servers import Service

TIRELESS = {"NBEXCHANGE_QUOTA_SUBMISSIONS_PER_MINUTE": "0", "NBEXCHANGE_QUOTA_SUBMISSIONS_PER_DAY": "0"}

WORK = b"x" * 10_000


@dataclass(frozen=True)
class Attack:
    """So many connections at once, each with what it sends at first; then a byte a second, or nothing."""

    name: str
    connections: int
    begins: bytes = b""
    drips: bool = False


POST = f"POST {SERVICE}v1/uploads HTTP/1.1\r\nHost: exchange\r\nContent-Length: 100000\r\n\r\n"

ATTACKS = [
    Attack("nobody else", 0),
    Attack("200 who say nothing", 200),
    Attack("200 whose heads drip", 200, f"GET {SERVICE}v1/me HTTP/1.1\r\nX-Long: ".encode(), drips=True),
    Attack("16 whose bodies drip", 16, POST.encode(), drips=True),
]


def run(folder: Path, sizes: Sizes) -> Iterator[Table]:
    rows = []
    with servers.service(folder, TIRELESS) as service:
        student = _student(service)
        for attack in ATTACKS:
            with _under(attack, service):
                waits = [_submit(student) for _ in range(sizes.lists)]
            rows.append(
                [attack.name, str(len(waits)), *(decimal(1000 * w) for w in (median(waits), max(waits)))]
            )
    yield Table(
        "Slow callers",
        "One student submits 10 kB (announced, sent, completed), again and again, to the service as it comes, on "
        "SQLite and a directory. The others have no token.",
        ["meanwhile", "submissions", "median wait, ms", "longest, ms"],
        rows,
    )


def _student(service: Service) -> Caller:
    tokens = TokenFile(service.log.parent / "data" / "tokens.json")

    def caller(name: str, role: str) -> Caller:
        token = tokens.create({"name": name, "courses": [{"course_id": COURSE, "course_role": role}]})
        return Caller(name, HttpClient([service.url]), token)

    caller("teacher", "Instructor").release()
    return caller("ada", "Student")


def _submit(student: Caller) -> float:
    started = time.perf_counter()
    student.submit(WORK)
    return time.perf_counter() - started


@contextmanager
def _under(attack: Attack, service: Service) -> Iterator[None]:
    address, stop = urlsplit(service.url), threading.Event()
    with ExitStack() as stack:
        wires = [
            stack.enter_context(socket.create_connection((address.hostname, address.port)))
            for _ in range(attack.connections)
        ]
        for wire in wires:
            wire.sendall(attack.begins)
        dripping = threading.Thread(target=_drip, args=(wires if attack.drips else [], stop))
        dripping.start()
        try:
            yield
        finally:
            stop.set()
            dripping.join()


def _drip(wires: list[socket.socket], stop: threading.Event) -> None:
    while not stop.wait(1):
        for wire in wires:
            with suppress(OSError):
                wire.sendall(b"x")
