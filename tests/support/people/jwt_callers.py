"""People who call with a JSON web token, as one authenticator takes them for."""

from __future__ import annotations

from typing import Any

from flask import Flask, request

from nbexchange.api.access.identity import Identity
from nbexchange.api.auth.jwt import JwtAuthenticator
from support.servers.issuers import AUDIENCE, ISSUER, jwks

ADA = {"name": "ada", "course_id": "cs1", "course_role": "Student", "org_id": 3}


def make(**settings: Any) -> JwtAuthenticator:
    """An authenticator that knows the key `one`, unless the settings say otherwise."""
    if not settings.keys() & {"key", "key_file", "jwks_url"}:
        settings["key"] = jwks("one")
    authenticator = JwtAuthenticator(issuer=ISSUER, audience=AUDIENCE, **settings)
    authenticator.check()
    return authenticator


def who(authenticator: JwtAuthenticator, text: str, headers: dict[str, str] | None = None) -> Identity | None:
    """Whom it takes the bearer of this token, or the sender of these headers, for."""
    sent = {"Authorization": f"Bearer {text}"} if headers is None else headers
    with Flask("x").test_request_context(headers=sent):
        return authenticator.authenticate(request)
