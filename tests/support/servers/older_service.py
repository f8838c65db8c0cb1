"""A service of the first revision, made of the present one: it refuses what later revisions added to an upload."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from flask import Flask

from nbexchange.protocol import PROTOCOL_HEADER

LATER = (b'"members"', b'"tree_sha256"', b'"md5"')
PROBLEM = {"type": "invalid-request", "title": "Invalid", "status": 422, "detail": "It has an unknown field."}


@dataclass
class OlderService:
    """As an application for a server. `is_renewed` makes it the present one; `refused` counts what it did not know."""

    app: Flask
    is_renewed: bool = False
    refused: int = field(default=0, init=False)

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        if self.is_renewed:
            return self.app(environ, start_response)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            other = [(name, value) for name, value in headers if name != PROTOCOL_HEADER]
            return start_response(status, [*other, (PROTOCOL_HEADER, "1")], *more)

        if environ["PATH_INFO"].endswith("v1/uploads") and any(name in body for name in LATER):
            self.refused += 1
            start("422 Unprocessable", [("Content-Type", "application/problem+json")])
            return [json.dumps(PROBLEM).encode()]
        return self.app(environ, start)
