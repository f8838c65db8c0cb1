"""Clients in threads of this process: bytes made beforehand, connections kept, answers read later.

They speak HTTP with their own few lines, since those of a library cost as much as a small call to the service.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
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

    def as_bytes(self, host: str, prefix: str) -> bytes:
        """What is sent; `prefix` is the path of the service."""
        credentials = {"Authorization": f"token {self.token}"} if self.token else {}
        headers = {**credentials, "Content-Type": "application/json", **self.own_headers}
        return request_bytes(self.method, host, prefix + self.path, headers, self.body or b"")


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


def request_bytes(method: str, host: str, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
    length = {} if "content-length" in headers else {"Content-Length": str(len(body))}
    lines = [f"{name}: {value}" for name, value in {"Host": host, **length, **headers}.items()]
    return "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""]).encode() + body


def _work(base_url: str, calls: Iterable[Call]) -> list[tuple[bytes, float]]:
    url = urlsplit(base_url)
    requests = [(call, call.as_bytes(url.netloc, url.path)) for call in calls]
    answers = []
    with closing(KeptConnection(url.netloc)) as connection:
        for call, request in requests:
            started = time.perf_counter()
            status, body = connection.ask(request)
            if status != 200:
                raise RuntimeError(f"{call.method} {call.path}: {status} {body[:500]!r}")
            answers.append((body, time.perf_counter() - started))
    return answers


class KeptConnection:
    """A connection to a server whose answers say how long they are; made anew where the server has ended it."""

    def __init__(self, netloc: str) -> None:
        host, _, port = netloc.partition(":")
        self.address = host, int(port)
        self.socket: socket.socket | None = None

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """The status and the body of the answer."""
        if self.socket is None:
            self.socket = socket.create_connection(self.address, TIMEOUT)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(request)
        head, _, body = self._read_until(self.socket, b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        pieces = [body]
        missing = int(fields.get(b"content-length", 0)) - len(body)
        while missing:
            pieces.append(self.socket.recv(min(missing, 1 << 20)))
            missing -= len(pieces[-1])
        if fields.get(b"connection") == b"close":
            self.close()
        return int(head[9:12]), b"".join(pieces)

    @staticmethod
    def _read_until(connection: socket.socket, end: bytes) -> tuple[bytes, bytes, bytes]:
        content = b""
        while end not in content:
            piece = connection.recv(1 << 16)
            if not piece:
                raise ConnectionError("the server ended the connection without an answer")
            content += piece
        return content.partition(end)

    def close(self) -> None:
        if self.socket:
            self.socket.close()
        self.socket = None


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
