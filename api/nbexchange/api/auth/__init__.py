"""Authenticators: each finds out, from a request alone, who is calling."""

from __future__ import annotations

import re
from typing import Protocol

from flask import Request

from nbexchange.api.access.identity import Identity


class Authenticator(Protocol):
    def authenticate(self, request: Request) -> Identity | None:
        """The verified caller, or None for nobody.

        An `ExchangeProblem` that it raises is the answer. Anything else is taken as a failure of the authenticator
        (503): never as a refusal, and never as a permission.
        """
        ...


A_TOKEN = re.compile(r"[!-~]+")
"""Visible ASCII: what can be handed on in another header as it is."""


def bearer_token(request: Request) -> str | None:
    """The secret of an `Authorization: token ...` or `Bearer ...` header."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    secret = token.strip()
    return secret if scheme.lower() in {"token", "bearer"} and A_TOKEN.fullmatch(secret) else None
