"""The service over HTTP in this process, which keeps connections as gunicorn does, and knows what came over them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from flask import Flask

from nbexchange.plugin.sessions import CONNECTIONS
from support.people.callers import SERVICE
from support.servers.serving import serving

OBJECTS = "objects"
"""Stands for the address of whatever is sent to the directory of objects, or fetched from it."""


@dataclass
class Recording:
    url: str = ""
    calls: list[str] = field(default_factory=list)
    """Method and path below the service of each request, in their order."""
    credentials: list[tuple[str | None, str | None]] = field(default_factory=list)
    """The header `Authorization` and the cookies of each."""
    wires: list[socket.socket] = field(default_factory=list)
    """A socket of each connection."""

    @property
    def connections(self) -> int:
        return len(self.wires)

    def hang_up(self) -> None:
        """Close all connections, as a service does that nobody has asked anything for a while."""
        for wire in self.wires:
            with suppress(OSError):  # the other side was first
                wire.shutdown(socket.SHUT_RDWR)

    def forget(self) -> None:
        """Begin to count anew, without a connection that is open."""
        CONNECTIONS.forget()
        self.calls, self.credentials, self.wires = [], [], []


@contextmanager
def recording(app: Flask) -> Iterator[Recording]:
    record = Recording()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            record.wires.append(self.connection)

        def respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            record.calls.append(f"{self.command} {_path(self.path)}")
            record.credentials.append((self.headers["Authorization"], self.headers["Cookie"]))
            answer = app.test_client().open(
                self.path, method=self.command, headers=dict(self.headers), data=body, buffered=True
            )
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Set-Cookie", "session=of-somebody")  # as a proxy does
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.data)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = respond

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as record.url:
        yield record
        record.forget()


def _path(url: str) -> str:
    path = urlsplit(url).path.removeprefix(SERVICE)
    return OBJECTS if path.startswith(f"{OBJECTS}/") else path
