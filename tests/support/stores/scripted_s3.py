"""A server in the place of S3 that answers as it is told and remembers what it was asked; it verifies nothing."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event
from types import SimpleNamespace

from support.servers.serving import serving

HANG_UP, HANG = "hang up", "hang"
SIZE = 7
"""Bytes of every object, as it says."""


@contextmanager
def scripted_s3(*script: int | str, certificate: str = "") -> Iterator[SimpleNamespace]:
    """A server that answers with these statuses, or not at all, and with 200 after them."""
    plans, ended = list(script), Event()
    server = SimpleNamespace(requests=[], connections=0)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            server.connections += 1
            super().setup()

        def answer(self) -> None:
            server.requests.append(f"{self.command} {self.path.partition('?')[0]}")
            plan = plans.pop(0) if plans else 200
            if plan == HANG:
                ended.wait()
            if plan in {HANG, HANG_UP}:
                self.close_connection = True
                return
            self.send_response(plan)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.send_header("Content-Length", str(SIZE))
            self.end_headers()

        do_HEAD = do_CONNECT = answer

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            http.socket = context.wrap_socket(http.socket, server_side=True)
        with serving(http) as server.url:
            try:
                yield server
            finally:
                ended.set()
