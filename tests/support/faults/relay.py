"""A connection to a server that can be held up: bytes do not pass then, and nobody is told."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer


class Relay(ThreadingTCPServer):
    """Passes bytes between those who dial it and what `dial` connects to."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, dial: Callable[[], socket.socket]) -> None:
        super().__init__(("127.0.0.1", 0), _Passage)
        self.dial = dial
        self.is_open = threading.Event()
        self.is_open.set()

    @contextmanager
    def held(self) -> Iterator[None]:
        """While the block lasts nothing passes, as if the server had stopped in the middle of its work."""
        self.is_open.clear()
        try:
            yield
        finally:
            self.is_open.set()


class _Passage(BaseRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, Relay)
        self.server.is_open.wait()
        with self.server.dial() as there, suppress(OSError):
            ends = {self.request: there, there: self.request}
            while True:
                for end in select.select(list(ends), [], [])[0]:
                    data = end.recv(1 << 16)
                    self.server.is_open.wait()
                    if not data:
                        return
                    ends[end].sendall(data)


@contextmanager
def relay(dial: Callable[[], socket.socket]) -> Iterator[Relay]:
    with Relay(dial) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.is_open.set()
            server.shutdown()
            thread.join()
