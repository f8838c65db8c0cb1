"""gunicorn's worker with an event loop, which lets nobody keep a connection without a request."""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import Any

from gunicorn.asgi.protocol import ASGIProtocol
from gunicorn.workers import gasgi

MAX_WAITING = 500
"""Connections of one process whose request has not come yet. One more ends the oldest: most heads come at once."""


class Connection(ASGIProtocol):  # type: ignore[misc]  # gunicorn ships no types
    """A connection that is closed unless the head of a request is there `caller_timeout` seconds after it was made.

    gunicorn waits for the first head without end, and for those after it as long as for an idle connection.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self.worker.connections.add(self)
        waiting = self.worker.waiting
        waiting[self] = self.worker.loop.call_later(self.worker.patience, self.give_up)
        if len(waiting) > MAX_WAITING:
            next(iter(waiting)).give_up()

    def data_received(self, data: bytes) -> None:
        """Read a piece of a request. What gunicorn's parser raises and gunicorn does not expect is the caller's too."""
        try:
            super().data_received(data)
        except Exception:  # noqa: BLE001 - such as the ValueError of a number with thousands of digits
            self._send_error_response(400, "The request cannot be read")
            self._close_transport()

    def _on_headers_complete(self) -> Any:
        self._stop_waiting()
        return super()._on_headers_complete()

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


class Worker(gasgi.ASGIWorker):  # type: ignore[misc]  # gunicorn ships no types
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.patience: float = self.app.settings.caller_timeout
        self.connections: set[Connection] = set()
        self.waiting: dict[Connection, asyncio.TimerHandle] = {}
        self.serving: asyncio.Task[Any] | None = None

    async def _serve(self) -> None:
        if sys.platform == "linux":
            for listener in self.sockets:
                # Connections inherit it: the system ends one whose other side takes nothing of what was sent.
                timeout = int(1000 * self.patience)
                listener.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, timeout)
        self.serving = asyncio.current_task()
        await super()._serve()

    def handle_exit_signal(self) -> None:
        """Stop now, and not when gunicorn's loop looks again, a second later."""
        is_serving = self.alive and self.servers
        super().handle_exit_signal()
        if is_serving and self.serving:
            self.serving.cancel()

    async def _shutdown(self) -> None:
        """Let requests end, but wait for no connection that has none."""
        for connection in list(self.connections):
            if connection.is_idle:
                connection.give_up()
        await super()._shutdown()


gasgi.ASGIProtocol = Connection  # where gunicorn's worker looks it up: it has no setting for this
