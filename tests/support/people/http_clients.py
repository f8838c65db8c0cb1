"""A client over real HTTP with the face of Flask's test client, so that `Caller` works on running services too."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

import requests

TIMEOUT = 60


@dataclass(frozen=True)
class Reply:
    status_code: int
    headers: Any
    data: bytes
    json: Any

    @classmethod
    def of(cls, response: requests.Response) -> Reply:
        is_json = response.headers.get("Content-Type", "").endswith("json")
        return cls(
            response.status_code, response.headers, response.content, response.json() if is_json else None
        )


@dataclass
class HttpClient:
    """Goes to the services in turn: what one began, another completes."""

    urls: list[str]
    turns: Any = field(init=False)

    def __post_init__(self) -> None:
        self.turns = itertools.cycle(self.urls)

    def open(self, path: str, method: str, *, query_string: Any = None, **options: Any) -> Reply:
        options.pop("buffered", None)
        url = urljoin(next(self.turns), path)
        return Reply.of(requests.request(method, url, params=query_string, timeout=TIMEOUT, **options))

    def put(self, path: str, **options: Any) -> Reply:
        return self.open(path, "PUT", **options)

    def get(self, path: str, **options: Any) -> Reply:
        return self.open(path, "GET", **options)
