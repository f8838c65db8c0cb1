"""An issuer of tokens: its keys, what it signs, and the address at which it publishes them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from support.servers.serving import serving

ISSUER = "https://login.example.org"
AUDIENCE = "nbexchange"
ELSEWHERE = "/elsewhere"
"""Where the address redirects to, when that is its status: the keys are there."""


@cache
def rsa_key(name: str) -> Any:
    """The RSA key of this name: making one takes its time."""
    return rsa.generate_private_key(65537, 2048)


@cache
def ec_key(name: str) -> Any:
    return ec.generate_private_key(ec.SECP256R1())


def public_pem(key: Any) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def private_pem(key: Any) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def jwk(kid: str | None, **values: Any) -> dict[str, Any]:
    """The public key called `kid`, as a provider publishes it."""
    published = jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key(kid or "nameless").public_key(), as_dict=True)
    return {**published, "use": "sig", "alg": "RS256", **({"kid": kid} if kid else {}), **values}


def jwks(*kids: str | None) -> str:
    return json.dumps({"keys": [jwk(kid) for kid in kids]})


def token(
    claims: dict[str, Any] | None = None,
    *,
    key: Any = None,
    kid: str | None = "one",
    algorithm: str = "RS256",
    **others: Any,
) -> str:
    """A token that is good for five minutes, unless these claims say otherwise: one that is None is left out."""
    now = time.time()
    stated = {"iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + 300, **(claims or {}), **others}
    stated = {name: value for name, value in stated.items() if value is not None}
    headers = {"kid": kid} if kid else None
    return jwt.encode(stated, key or rsa_key(kid or "nameless"), algorithm, headers=headers)


@dataclass
class Provider:
    """What an issuer's address answers; it counts how often it is asked."""

    body: str = ""
    status: int = 200
    requests: int = 0
    url: str = ""
    asked: threading.Event = field(default_factory=threading.Event)
    answering: threading.Event = field(default_factory=threading.Event)
    """While it is cleared, callers get no answer."""


@contextmanager
def provider(*kids: str | None) -> Iterator[Provider]:
    running = Provider(jwks(*kids))
    running.answering.set()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with lock:
                running.requests += 1
            running.asked.set()
            running.answering.wait(60)
            body = running.body.encode()
            self.send_response(200 if self.path == ELSEWHERE else running.status)
            self.send_header("Location", ELSEWHERE)  # means something in a redirect alone
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as url:
        running.url = f"{url}/jwks"
        yield running
        running.answering.set()
