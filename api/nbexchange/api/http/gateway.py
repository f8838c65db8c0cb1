"""The ASGI application in front of the WSGI one: it waits for callers in an event loop, and works in threads.

No thread is taken before a request is there as a whole, none waits for a caller who sends or reads slowly, and each
wait for a caller or for a thread has an end. The bytes of an object go from the wire into the store piece by piece.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

from flask import Flask
from werkzeug.wrappers import Request

from nbexchange.api.http.messages import MAX_BODY
from nbexchange.api.http.routes.objects import begin_put
from nbexchange.api.http.threads import Threads
from nbexchange.api.http.wsgi import (
    CHUNK,
    DEADLINE,
    INCOMING_BODY,
    PROBLEM,
    STARTED,
    Answer,
    Environ,
    describe,
    has_body,
    make_environ,
    put_body,
    token_of,
)
from nbexchange.api.problems import RequestIncomplete, ServiceBusy
from nbexchange.storage import RequestRefused, StoreUnavailable, StreamsBytes

log = logging.getLogger("nbexchange")

LEAST_RATE = 4000
"""Bytes a second: a body, or a piece of an answer, has one second more for each so many of them."""

LONGEST_BODY = 24 * 3600
"""Seconds that a body has at most: as long as an upload lives."""

TRANSFER_PATIENCE = 10.0
"""Seconds that a transfer waits for a thread, for each piece of its bytes."""

MAX_READING = 300
"""Requests of one process whose bodies are waited for. One more ends the oldest: an ordinary body comes at once."""

MAX_SENDING = 300
"""Answers of one process that wait for their callers to read. One more ends that whose piece waits for longest."""

MAX_HELD = 64 << 20
"""Bytes of unfinished bodies that one process holds, and of unread answers. More of them end the oldest as well."""

Scope = dict[str, Any]
Receive = Callable[[], Any]
Send = Callable[[dict[str, Any]], Any]
Held = dict[asyncio.Task[Any], bytes | bytearray]
"""What is held in memory for a caller, who is waited for; the oldest is first."""


class Gateway:
    """The ASGI application of one process around the WSGI application `app`.

    `threads` answer calls that read, as many those that write, and half as many carry the bytes of `store`, if that
    streams them through the service; its requests are below the path `objects`. Probes have threads of their own. So
    what waits for a lock, a store or a disk keeps nothing waiting that does without. `patience` is what a caller has
    for the request, in seconds; `time_limit` is what the service has for the answer, half of it to find a thread.
    """

    def __init__(
        self,
        app: Flask,
        *,
        threads: int,
        patience: float,
        time_limit: float,
        store: StreamsBytes | None,
        objects: str,
    ) -> None:
        self.app = app
        self.patience, self.time_limit = patience, time_limit
        self.store, self.objects = store, objects
        self.reads = Threads(threads, "read", time_limit / 2)
        self.writes = Threads(threads, "write", time_limit / 2)
        self.transfers = Threads(max(1, threads // 2), "transfer", TRANSFER_PATIENCE)
        self.health = Threads(1, "health", time_limit / 2)
        self.readiness = Threads(1, "readiness", time_limit / 2)
        self.reading: Held = {}
        self.sending: Held = {}
        self.is_leaving: Callable[[], bool] = lambda: False
        """Whether the process ends soon: then each answer is the last of its connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return  # there are no web sockets here
        environ = make_environ(scope) | {STARTED: time.perf_counter()}
        path = scope["path"]
        try:
            if self.store and path.startswith(self.objects):
                if scope["method"] == "PUT" and not _is_small(environ):
                    await self._take_object(self.store, environ, receive)
                else:
                    await self._take_body(environ, receive)
                await self._answer(self.transfers, environ, send)
            else:
                await self._take_body(environ, receive)
                environ[DEADLINE] = time.monotonic() + self.time_limit
                await self._answer(self._threads(scope["method"], path), environ, send)
        finally:
            if body := environ.get(INCOMING_BODY):
                await asyncio.get_running_loop().run_in_executor(self.transfers.pool, body.close)

    def _threads(self, method: str, path: str) -> Threads:
        if path.endswith("/healthz"):
            return self.health
        if path.endswith("/readyz"):
            return self.readiness
        return self.reads if method in {"GET", "HEAD"} else self.writes

    # --- requests ------------------------------------------------------------------------------------------

    async def _take_body(self, environ: Environ, receive: Receive) -> None:
        """Read the body, or as much of it as shows that it is too long, which the application says."""
        if not has_body(environ):
            return
        body = bytearray()
        task = _this_task()
        self.reading[task] = body
        try:
            if int(environ.get("CONTENT_LENGTH") or 0) <= MAX_BODY:
                async with self._time_for(environ) as limit:
                    _end_oldest(self.reading, MAX_READING)
                    async for piece in _pieces(receive, limit, at_least=1):
                        body += piece
                        _end_oldest(self.reading, MAX_READING)
                        if len(body) > MAX_BODY:
                            break
        except TimeoutError:
            environ[PROBLEM] = RequestIncomplete("The request's body came too slowly, or not to its end.")
        finally:
            del self.reading[task]
        put_body(environ, bytes(body))

    async def _take_object(self, store: StreamsBytes, environ: Environ, receive: Receive) -> None:
        """Have the store take the bytes. What goes wrong with that is for the application to say."""
        try:
            key = environ["PATH_INFO"][len(self.objects) :]
            body = await self.transfers.run(begin_put, store, key, Request(environ))
            environ[INCOMING_BODY] = body
            async with self._time_for(environ) as limit:
                async for piece in _pieces(receive, limit, at_least=CHUNK):
                    await self.transfers.run(body.write, piece)
        except TimeoutError:
            environ[PROBLEM] = RequestIncomplete("The object's bytes came too slowly, or not to their end.")
        except (RequestRefused, StoreUnavailable, ServiceBusy) as error:
            environ[PROBLEM] = error

    def _time_for(self, environ: Environ) -> asyncio.Timeout:
        """What the body of a request has: counted from its head on, however many others are waited for."""
        length = int(environ.get("CONTENT_LENGTH") or MAX_BODY)
        return asyncio.timeout(min(self.patience + length / LEAST_RATE, LONGEST_BODY))

    # --- answers -------------------------------------------------------------------------------------------

    async def _answer(self, threads: Threads, environ: Environ, send: Send) -> None:
        try:
            answer = await threads.run(Answer, self.app, environ, caller=token_of(environ))
        except ServiceBusy as problem:
            environ[PROBLEM] = problem  # what the application says in no time
            answer = await self.health.run(Answer, self.app, environ)
        try:
            headers = [*answer.headers, *([(b"connection", b"close")] if self.is_leaving() else [])]
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            while True:
                await self._send_piece(answer, send)
                if not answer.more:
                    break
                await threads.run(answer.pull)
        except TimeoutError:
            log.info("a caller did not read the answer: %s", describe(environ))
        finally:
            answer.close()

    async def _send_piece(self, answer: Answer, send: Send) -> None:
        task = _this_task()
        self.sending[task] = answer.content
        try:
            _end_oldest(self.sending, MAX_SENDING)
            async with asyncio.timeout(self.patience + len(answer.content) / LEAST_RATE):
                await send({"type": "http.response.body", "body": answer.content, "more_body": answer.more})
        finally:
            del self.sending[task]


def _is_small(environ: Environ) -> bool:
    """Whether a body is one piece, for which a thread is needed once."""
    return environ.get("CONTENT_LENGTH", "").isdecimal() and int(environ["CONTENT_LENGTH"]) <= CHUNK


def _this_task() -> asyncio.Task[Any]:
    return cast(asyncio.Task[Any], asyncio.current_task())


def _end_oldest(held: Held, most: int) -> None:
    """Of too many, or of too many bytes, the first has to go."""
    if len(held) > most or sum(map(len, held.values())) > MAX_HELD:
        next(iter(held)).cancel()


async def _pieces(receive: Receive, limit: asyncio.Timeout, at_least: int) -> AsyncIterator[bytes]:
    """The bytes of a body, in pieces of so many of them but for the last; raises `TimeoutError`.

    That also where the connection ended, and once more after the limit: before Python 3.12 a piece that comes in the
    very moment of the limit lets `asyncio.wait_for`, with which gunicorn waits, forget it.
    """
    piece = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect" or _is_over(limit):
            raise TimeoutError
        piece += message["body"]
        more = message["more_body"]
        if piece and (len(piece) >= at_least or not more):
            yield bytes(piece)
            piece.clear()


def _is_over(limit: asyncio.Timeout) -> bool:
    return asyncio.get_running_loop().time() > (limit.when() or 0)
