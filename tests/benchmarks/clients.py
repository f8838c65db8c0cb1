"""Clients in threads of this process: bytes made beforehand, connections kept, answers read later."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection
from itertools import chain
from typing import Any
from urllib.parse import urljoin, urlsplit

from support.people.callers import COURSE

TIMEOUT = 120


@dataclass(frozen=True)
class Call:
    """One request to the service: all of it, as bytes."""

    token: str | None
    method: str
    path: str
    body: bytes | None = None
    own_headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        credentials = {"Authorization": f"token {self.token}"} if self.token else {}
        return {**credentials, "Content-Type": "application/json", **self.own_headers}


def post(token: str, path: str, body: Any) -> Call:
    return Call(token, "POST", path, json.dumps(body).encode())


def announce(token: str, kind: str, assignment: str, items: Sequence[dict[str, Any]]) -> Call:
    body = {"kind": kind, "course_id": COURSE, "assignment_id": assignment, "items": items}
    return post(token, "v1/uploads", body)


@dataclass(frozen=True)
class Answers:
    """What came back, how long all of it took, and how long each call waited."""

    bodies: list[bytes]
    seconds: float
    waits: list[float]

    def items(self) -> list[dict[str, Any]]:
        """The items of all answers; raises for one that failed."""
        entries = list(chain.from_iterable(json.loads(body)["items"] for body in self.bodies))
        failed = [entry for entry in entries if entry["type"] == "error"]
        if failed:
            raise RuntimeError(f"{len(failed)} of {len(entries)} items failed: {failed[0]}")
        return entries


def drive(base_url: str, calls: Sequence[Call], clients: int) -> Answers:
    """Make the calls, `clients` of them at a time; raises for any answer but 200."""
    shares = [calls[number::clients] for number in range(clients)]
    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        answers = list(chain.from_iterable(pool.map(partial(_work, base_url), shares)))
    seconds = time.perf_counter() - started
    return Answers([body for body, _ in answers], seconds, [wait for _, wait in answers])


def _work(base_url: str, calls: Iterable[Call]) -> list[tuple[bytes, float]]:
    url = urlsplit(base_url)
    connection = HTTPConnection(url.netloc, timeout=TIMEOUT)
    answers = []
    for call in calls:
        started = time.perf_counter()
        connection.request(call.method, url.path + call.path, call.body, call.headers)
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise RuntimeError(f"{call.method} {call.path}: {response.status} {body[:500]!r}")
        answers.append((body, time.perf_counter() - started))
    connection.close()
    return answers


def put(base_url: str, granted: dict[str, Any], body: bytes | Iterable[bytes]) -> None:
    """Send bytes to where a grant says."""
    url = urlsplit(urljoin(base_url, granted["url"]))
    connection = HTTPConnection(url.netloc, timeout=TIMEOUT)
    connection.request("PUT", f"{url.path}?{url.query}", body, granted["headers"])
    response = connection.getresponse()
    answer = response.read()
    connection.close()
    if response.status != 200:
        raise RuntimeError(f"the store answered {response.status} {answer[:500]!r}")


def put_all(base_url: str, granted: Sequence[dict[str, Any]], body: bytes, clients: int) -> None:
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(lambda grant: put(base_url, grant, body), granted))


def send(
    base_url: str,
    token: str,
    kind: str,
    assignment: str,
    item: dict[str, Any],
    body: bytes | Iterable[bytes],
) -> int:
    """Announce, send and complete one upload; gives its bytes."""
    (granted,) = drive(base_url, [announce(token, kind, assignment, [item])], 1).items()
    put(base_url, granted, body)
    drive(base_url, [post(token, "v1/uploads/complete", {"ids": [item["id"]]})], 1).items()
    return int(item["size"])
