"""Authenticators: each identifies the caller of a request, from that request alone."""

from __future__ import annotations

import re
from typing import Protocol

from flask import Request

from nbexchange.api.access.identity import Identity


class Authenticator(Protocol):
    def authenticate(self, request: Request) -> Identity | None:
        """The verified caller, or None where the request identifies none.

        An `ExchangeProblem` that it raises is the answer. Any other exception is a failure of the authenticator
        (503): never a refusal, and never a permission.
        """
        ...


TOKEN_PATTERN = re.compile(r"[!-~]+")
"""Visible ASCII: what another header can carry unchanged."""

BETWEEN = "\x1e"
"""Stands between the values of a header that came more than once. No header can have it in its value.

Servers put a comma there: a group or a role of the client's would stand in one list with the proxy's.
"""


def bearer_token(request: Request) -> str | None:
    """The secret of an `Authorization: token ...` or `Bearer ...` header."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    secret = token.strip()
    return secret if scheme.lower() in {"token", "bearer"} and TOKEN_PATTERN.fullmatch(secret) else None
