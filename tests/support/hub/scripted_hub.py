"""A hub that says what a test wants, for what a real one cannot be brought to do: wait, fail, or talk nonsense."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from nbexchange.api.access.identity import Identity
from support.servers.serving import serving

ELSEWHERE = "/elsewhere"
SCOPE = "access:services!service=exchange"


def model(name: str, *groups: str, **values: Any) -> dict[str, Any]:
    """What a hub says of a person, shortened from what JupyterHub 6.1 answered."""
    user = {"name": name, "kind": "user", "admin": False, "groups": list(groups), "user_info": None}
    return {**user, "scopes": [SCOPE, "read:users:groups!user"], "session_id": None, **values}


def service_model(name: str, **values: Any) -> dict[str, Any]:
    """What a hub says of a service: it has no groups."""
    return {"name": name, "kind": "service", "admin": False, "scopes": [SCOPE], **values}


@dataclass
class ScriptedHub:
    """Answers by token; anything that is no dictionary is sent as it is, with the status before it."""

    api_url: str
    answers: Mapping[str, Any]
    asked: Counter[str] = field(default_factory=Counter)
    open: threading.Event = field(default_factory=threading.Event)
    """Answers wait for it."""
    seconds: float = 0
    """How long each answer takes."""
    led_astray: list[str] = field(default_factory=list)
    """The headers with a token that came to where a redirect leads."""
    busy: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, token: str) -> tuple[int, bytes]:
        with self.lock:
            self.asked[token] += 1
            self.busy += 1
            self.most_at_once = max(self.most_at_once, self.busy)
        self.open.wait(30)
        time.sleep(self.seconds)
        with self.lock:
            self.busy -= 1
        reply = self.answers.get(token, (403, b'{"status": 403, "message": null}'))
        return (200, json.dumps(reply).encode()) if isinstance(reply, dict) else reply


@contextmanager
def scripted_hub(answers: Mapping[str, Any]) -> Iterator[ScriptedHub]:
    hub = ScriptedHub("", answers)
    hub.open.set()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path == ELSEWHERE:
                hub.led_astray.append(self.headers["Authorization"])
            assert self.path == "/hub/api/user", self.path
            scheme, _, token = self.headers["Authorization"].partition(" ")
            assert scheme == "token", scheme
            status, body = hub.answer(token)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Location", ELSEWHERE)  # means something in a redirect alone
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as url:
        hub.api_url = f"{url}/hub/api"
        yield hub
        hub.open.set()


def roles(identity: Identity) -> dict[str, str]:
    """The roles of a person by course."""
    return {course_id: course.role for course_id, course in identity.courses.items()}
