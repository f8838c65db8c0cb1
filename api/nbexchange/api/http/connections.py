"""gunicorn's worker with an event loop, which keeps what callers hold without a request small and short."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Sequence
from typing import Any

from gunicorn.asgi.parser import ParseError
from gunicorn.asgi.protocol import ASGIProtocol
from gunicorn.workers import gasgi

MAX_WAITING = 500
"""Connections of one process without a request: the first has not come yet, or the next. One more ends the oldest."""

MAX_HEAD = 64 << 10
"""Bytes of a request's head."""

FREE_CHUNKS, LEAST_CHUNK = 1000, 64
"""From so many chunks on, those of a body have so many bytes on average: each costs time, however small it is."""

FAREWELLS = 100
"""Requests before its last from which on a worker asks its callers for a new connection, which another may get.

Else some would send one more in the moment in which theirs is closed, and have to try again.
"""

NEWCOMERS = 1.0
"""Seconds that a process which stops waits for the requests of those who had just connected."""


class Connection(ASGIProtocol):  # type: ignore[misc]  # gunicorn ships no types
    """A connection that is closed unless the head of a request is there `caller_timeout` seconds after it was made.

    gunicorn waits for the first head without end, and for those after it as long as for an idle connection.
    """

    def __init__(self, worker: Any) -> None:
        super().__init__(worker)
        self._begun = 0  # bytes of a head that has not come to its end
        self._pieces: list[bytes] = []  # of the body, not handed on yet
        self._chunks = self._body_size = 0

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self.worker.connections.add(self)
        self._wait(self.worker.patience)

    def _wait(self, seconds: float) -> None:
        self._stop_waiting()
        waiting = self.worker.waiting
        waiting[self] = self.worker.loop.call_later(seconds, self.give_up)
        if len(waiting) > MAX_WAITING:
            next(iter(waiting)).give_up()

    def _arm_keepalive_timer(self) -> None:
        self._wait(self._keepalive)

    def _cancel_keepalive_timer(self) -> None:
        self._stop_waiting()

    # --- what comes -----------------------------------------------------------------------------------------

    def _feed_callback_parser(self, data: bytes) -> bool:
        """Parse what came, or what came behind the last request; gives whether the connection goes on.

        What gunicorn's parser raises and gunicorn does not expect is the caller's too.
        """
        try:
            if not super()._feed_callback_parser(data):
                return False
        except Exception:  # noqa: BLE001 - such as the ValueError of a number with thousands of digits
            return self._refuse(400, "The request cannot be read")
        self._hand_on()
        self._maybe_resume_reading()
        if not self._request_ready.is_set():
            self._begun += len(data)
            if self._begun > MAX_HEAD:
                return self._refuse(431, "The request's head is too long")
        return True

    def _refuse(self, status: int, reason: str) -> bool:
        self._send_error_response(status, reason)
        self._close_transport()
        return False

    def _resume_reading(self) -> None:
        """Not while there is enough to do: gunicorn does so after each answer, and holds ever more requests."""
        if not self._is_buffer_full():
            super()._resume_reading()

    def _on_headers_complete(self) -> Any:
        self._stop_waiting()
        self._begun = self._chunks = self._body_size = 0
        return super()._on_headers_complete()

    def _on_body(self, chunk: bytes) -> None:
        self._pieces.append(chunk)
        self._chunks += 1
        self._body_size += len(chunk)
        if self._chunks > FREE_CHUNKS + self._body_size // LEAST_CHUNK:
            raise ParseError("The chunks of the body are too small")

    def _on_message_complete(self) -> None:
        self._hand_on()
        super()._on_message_complete()

    def _hand_on(self) -> None:
        """What came of a body at one time, in one piece: the gateway works for each of them."""
        if self._pieces:
            super()._on_body(b"".join(self._pieces))
            self._pieces.clear()

    # --- the end --------------------------------------------------------------------------------------------

    def _close_transport(self) -> None:
        """Also where its caller has reset it: gunicorn, which tells the end first, fails with that, and leaves it."""
        super()._close_transport()
        if self.transport:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self.worker.connections.discard(self)
        super().connection_lost(exc)

    def _stop_waiting(self) -> None:
        if timer := self.worker.waiting.pop(self, None):
            timer.cancel()

    def give_up(self) -> None:
        """Close it, as gunicorn closes one that has been idle for too long."""
        self._stop_waiting()
        self._keepalive_timeout()

    @property
    def is_idle(self) -> bool:
        return not self._request_ready.is_set()

    @property
    def is_new(self) -> bool:
        """Whether it waits for its first request."""
        return self.is_idle and self.req_count <= 1


class Worker(gasgi.ASGIWorker):  # type: ignore[misc]  # gunicorn ships no types
    _alive = True
    servers: Sequence[asyncio.Server] = ()
    serving: asyncio.Task[Any] | None = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.patience: float = self.app.settings.caller_timeout
        self.connections: set[Connection] = set()
        self.waiting: dict[Connection, asyncio.TimerHandle] = {}

    @property
    def alive(self) -> bool:
        return self._alive

    @alive.setter
    def alive(self, alive: bool) -> None:
        """Whether to go on. When a signal, or the last request of a worker, ends that, its loop is woken to stop.

        gunicorn's looks once a second, and says after each request until then that the worker is to be replaced.
        """
        is_over = not alive and self._alive and self.servers
        self._alive = alive
        if is_over and self.serving:
            self.serving.cancel()

    def is_leaving(self) -> bool:
        """Whether this process ends soon, so that no further request should come to it."""
        return not self.alive or self.nr + FAREWELLS >= self.max_requests

    async def _serve(self) -> None:
        if sys.platform == "linux":
            for listener in self.sockets:
                # Connections inherit it: the system ends one whose other side takes nothing of what was sent.
                timeout = int(1000 * self.patience)
                listener.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, timeout)
        self.serving = asyncio.current_task()
        self.asgi.is_leaving = self.is_leaving
        await super()._serve()

    async def _shutdown(self) -> None:
        """Let requests end, and those of new callers come, but wait for no connection that is kept without one."""
        for listener in self.sockets:
            self.loop.remove_reader(listener.sock)
        await asyncio.sleep(0)  # whose connection was accepted gets it, before the servers are closed
        for connection in list(self.connections):
            if connection.is_new:
                self.loop.call_later(NEWCOMERS, self._give_up, connection)
            elif connection.is_idle:
                connection.give_up()
        await super()._shutdown()

    def _give_up(self, newcomer: Connection) -> None:
        if newcomer.is_new:
            newcomer.give_up()


gasgi.ASGIProtocol = Connection  # where gunicorn's worker looks it up: it has no setting for this
