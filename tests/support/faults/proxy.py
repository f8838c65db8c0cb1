"""A proxy before the service that loses answers, or gives its own."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

from support.servers.serving import serving

PASS, LOSE, PAGE = "pass it on", "pass it on and lose the answer", "answer with a page of one's own"

Meddle = Callable[[int], str]
"""What to do with the n-th request of its kind, counted from 1."""

HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "date", "server"}


@contextmanager
def proxy(target: str, meddle: Meddle) -> Iterator[str]:
    """Its address. Requests are of one kind when method and path are the same."""
    seen: Counter[tuple[str, str]] = Counter()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def pass_on(self) -> None:
            kind = (self.command, self.path)
            with lock:
                seen[kind] += 1
                plan = meddle(seen[kind])
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.close_connection = True
            if plan == PAGE:
                self.answer(502, {"Content-Type": "text/html"}, b"<html>Bad gateway</html>")
                return
            answer = requests.request(
                self.command, target + self.path, headers=dict(self.headers), data=body, timeout=60
            )
            if plan == PASS:
                self.answer(answer.status_code, answer.headers, answer.content)

        def answer(self, status: int, headers, body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = pass_on

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as url:
        yield url
