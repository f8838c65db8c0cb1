"""gunicorn's worker with threads, which wait only so long for a caller.

gunicorn reads a request in the thread that answers it, and waits without end for a caller who sends slowly or
reads nothing: as many of them as there are threads would block the service.
"""

from __future__ import annotations

import errno
import fcntl
import socket
import sys
import termios
import time
from typing import Any

from gunicorn import util
from gunicorn.workers.gthread import ThreadWorker

MIN_RATE = 1000
"""Bytes a second. Below it a body uses up its budget; above it, the budget grows back."""


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    def enqueue_req(self, conn: Any) -> None:
        if not isinstance(conn.sock, CallerSocket):
            conn.sock = CallerSocket(conn.sock, self.app.settings.caller_timeout)
        super().enqueue_req(conn)

    def handle(self, conn: Any) -> Any:
        """Answer a request; gives whether the connection is kept."""
        conn.sock.expect()
        kept = super().handle(conn)
        if conn.sock.gave_up or not kept:
            # gunicorn would close gracefully, and wait for the other side, in the thread that accepts.
            conn.sock.expect()
            util.close_graceful(conn.sock)
            return False
        return kept

    def handle_request(self, req: Any, conn: Any) -> Any:
        conn.sock.expect(rate=MIN_RATE)
        return super().handle_request(req, conn)


class CallerSocket(socket.socket):
    """A caller's connection. One who is waited for too long looks like one who hung up.

    A request's head has `budget` seconds in all; its body has them in one piece, and gains time with each byte; an
    answer has them for each piece that it is sent in, and for each that the caller takes meanwhile.
    """

    def __init__(self, accepted: socket.socket, budget: float) -> None:
        super().__init__(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        self.budget = budget
        self.expect()

    def expect(self, rate: float = 0) -> None:
        """Begin to wait anew, for something that should come at this rate (0: all of it in time)."""
        self.left, self.rate = self.budget, rate

    @property
    def gave_up(self) -> bool:
        return self.left <= 0

    def setblocking(self, flag: bool) -> None:
        if self.fileno() >= 0:  # it was closed in its thread
            self.settimeout(self.budget if flag else 0)

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        if self.gave_up:
            return b""
        started = time.monotonic()
        try:
            data = super().recv(size, flags)
        except TimeoutError:
            if (self.gettimeout() or 0) < self.budget:
                raise  # gunicorn's own, where it reads and discards
            self.left = 0
            return b""
        self._account(started, len(data))
        return data

    def _account(self, started: float, count: int) -> None:
        gained = count / self.rate if self.rate else 0
        self.left = min(self.budget, self.left - (time.monotonic() - started) + gained)

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        left, held = memoryview(data), None
        while left:
            try:
                left, held = left[self.send(left, flags) :], None
            except TimeoutError:
                held = self._wait_on(held)

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        sent, held = 0, None
        file.seek(offset)
        while True:
            try:
                left = None if count is None else count - sent
                return sent + super().sendfile(file, offset + sent, left)
            except TimeoutError:
                if file.tell() > offset + sent:
                    sent, held = file.tell() - offset, None
                held = self._wait_on(held)

    def _wait_on(self, held: int | None) -> int:
        """Nothing more could be sent: gives the bytes that the system holds for the caller.

        It takes more only when a good part of them is gone, which may be megabytes. One who takes too few of the
        `held` ones reads nothing, and is like one who hung up, which gunicorn knows how to take.
        """
        holds = _count_held(self)
        if held is not None and held - holds < MIN_RATE * self.budget:
            raise BrokenPipeError(errno.EPIPE, "the caller reads nothing")
        return holds


def _count_held(sock: socket.socket) -> int:
    return int.from_bytes(fcntl.ioctl(sock, termios.TIOCOUTQ, bytes(4)), sys.byteorder)
