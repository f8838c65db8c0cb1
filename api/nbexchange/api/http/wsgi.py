"""Between ASGI and WSGI: the environment of a request, and the answer of the application, piece by piece."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from io import BytesIO
from math import inf
from typing import Any
from urllib.parse import quote

from flask import Flask
from werkzeug.wsgi import FileWrapper

from nbexchange.api.auth import BETWEEN
from nbexchange.shared.deadlines import deadline

CHUNK = 256 * 1024
"""Bytes of an object that are held in memory at a time."""

# What the gateway tells the application, beside what WSGI defines.
STARTED = "nbexchange.started"
"""When the request began, by `time.perf_counter()`."""
DEADLINE = "nbexchange.deadline"
"""When it has to be answered, by `time.monotonic()`; transfers have no deadline."""
PROBLEM = "nbexchange.problem"
"""The exception that ended the request before the application saw it, to be answered like one of its own."""
INCOMING_BODY = "nbexchange.incoming_body"
"""The `IncomingBody` of a store that has taken the request's bytes already."""

Environ = dict[str, Any]
Header = tuple[bytes, bytes]


def make_environ(scope: dict[str, Any]) -> Environ:
    """The WSGI environment of an ASGI scope, yet without a body. Nothing in it but headers comes from the caller.

    A header with an underscore could pass for another one, so it is left out. One that came more than once passes for
    no single value, as `BETWEEN` explains.
    """
    host, port = scope["server"] or ("", 0)
    client = scope["client"] or ("", 0)
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.input": BytesIO(),
        "wsgi.file_wrapper": _wrap_file,
    }
    for name, value in _headers(scope["headers"]):
        environ[name] = f"{environ[name]}{BETWEEN}{value}" if name in environ else value
    return environ


def _headers(pairs: Iterable[Header]) -> Iterator[tuple[str, str]]:
    for name, value in pairs:
        if b"_" not in name:
            variable = name.decode("latin-1").upper().replace("-", "_")
            is_special = variable in {"CONTENT_TYPE", "CONTENT_LENGTH"}
            yield variable if is_special else f"HTTP_{variable}", value.decode("latin-1")


def _wrap_file(file: Any, block_size: int = CHUNK) -> FileWrapper:
    return FileWrapper(file, max(block_size, CHUNK))


def has_body(environ: Environ) -> bool:
    return "HTTP_TRANSFER_ENCODING" in environ or environ.get("CONTENT_LENGTH", "0") != "0"


def put_body(environ: Environ, body: bytes) -> None:
    """Give a request its body, which came in whatever form HTTP has for it."""
    environ["wsgi.input"] = BytesIO(body)
    if environ.pop("HTTP_TRANSFER_ENCODING", None):
        environ["CONTENT_LENGTH"] = str(len(body))


def token_of(environ: Environ) -> str | None:
    """The token that a caller presents, however its scheme is written; None where it is in no header."""
    return environ.get("HTTP_AUTHORIZATION", "").rpartition(" ")[2].strip() or None


def describe(environ: Environ) -> str:
    """A request in a log: the path alone, since a query string can hold a signature."""
    return f"{environ['REQUEST_METHOD']} {quote(environ['PATH_INFO'], encoding='latin-1')}"


class Answer:
    """What the application answers. Each method works in the calling thread. Close it after use."""

    def __init__(self, app: Flask, environ: Environ) -> None:
        """Have the application answer, as far as the first piece of the content."""
        with deadline(environ.get(DEADLINE, inf)):
            self._content = app(environ, self._start)
        self._pieces = iter(self._content)
        self.pull()

    def _start(self, status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
        self.status = int(status.partition(" ")[0])
        self.headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]

    def pull(self) -> None:
        """Get the next piece: `content`, and whether there is `more`."""
        pieces, size = [], 0
        self.more = True
        while size < CHUNK:
            try:
                pieces.append(next(self._pieces))
            except StopIteration:
                self.more = False
                break
            size += len(pieces[-1])
        self.content = b"".join(pieces)

    def close(self) -> None:
        if close := getattr(self._content, "close", None):
            close()
