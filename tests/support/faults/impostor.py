"""Something that answers where the service or the store should."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

from support.servers.serving import serving

Answer = tuple[int, str, bytes]
"""Status, content type, body."""

Request = tuple[str, str, dict[str, str], bytes]
"""Method, path, headers, body."""


ELSEWHERE = {"Location": "http://127.0.0.1:1/elsewhere"}


@contextmanager
def impostor(answer: Answer, headers: Mapping[str, str] = ELSEWHERE) -> Iterator[tuple[str, list[Request]]]:
    """A server that gives the same answer to everything, and keeps the requests; gives its address and those."""
    seen: list[Request] = []

    class Handler(BaseHTTPRequestHandler):
        def respond(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            seen.append((self.command, self.path, dict(self.headers), self.rfile.read(length)))
            status, content_type, body = answer
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = respond

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with serving(HTTPServer(("127.0.0.1", 0), Handler)) as url:
        yield url, seen


@contextmanager
def taking_one(answer: bytes = b"") -> Iterator[str]:
    """A server that takes a single request, sends these bytes, and is away from then on; gives its address."""

    def take_one_and_go() -> None:
        caller, _ = server.accept()
        server.close()
        with caller:
            caller.recv(1 << 16)
            caller.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        taking = pool.submit(take_one_and_go)
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        taking.result()
