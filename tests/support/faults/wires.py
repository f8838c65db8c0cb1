"""Connections to a running service, with what a test writes onto them itself."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from nbexchange.api.auth.tokens import TokenFile
from nbexchange.demo.servers import Service
from support.people.callers import COURSE, Caller
from support.people.http_clients import HttpClient


def dial(service: Service) -> socket.socket:
    address = urlsplit(service.url)
    return socket.create_connection((address.hostname, address.port), timeout=60)


def head(method: str, path: str, headers: Mapping[str, object]) -> bytes:
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: exchange",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def received(wire: socket.socket) -> bytes:
    """All that comes until the other side hangs up."""
    content = bytearray()
    with suppress(ConnectionError):
        while piece := wire.recv(1 << 20):
            content += piece
    return bytes(content)


def instructor(service: Service) -> Caller:
    tokens = TokenFile(service.log.parent / "data" / "tokens.json")
    user = {"name": "teacher", "courses": [{"course_id": COURSE, "course_role": "Instructor"}]}
    return Caller("teacher", HttpClient([service.url]), tokens.create(user))
