"""What every route shares: request ids, one log line per request, the protocol's revision, and the caller."""

from __future__ import annotations

import logging
import re
import time
from uuid import uuid4

from flask import Flask, Response, g, request

from nbexchange.api.access.identity import Identity, InvalidIdentity, UnusableId
from nbexchange.api.http import errors
from nbexchange.api.http.current import runtime
from nbexchange.api.http.messages import MAX_BODY
from nbexchange.api.http.wsgi import PROBLEM, STARTED, describe
from nbexchange.api.problems import (
    ClientTooOld,
    DependencyUnavailable,
    ExchangeProblem,
    IdentityRefused,
    InvalidRequest,
    Unauthenticated,
)
from nbexchange.api.rosters.read import add_roles
from nbexchange.protocol import PROTOCOL_HEADER, REVISION, REVISION_PATTERN, VERSION_HEADER
from nbexchange.shared.version import VERSION

log = logging.getLogger("nbexchange")

REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")

OLDEST_REVISION = 1
"""Of the protocol, that this service still understands."""


def install(app: Flask) -> None:
    """Put these conventions on an application."""
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.before_request(_begin)
    app.after_request(_end)
    errors.install(app)


def negotiate() -> None:
    """Before each route of the API: refuse a client that would not understand the answers."""
    revision = request.headers.get(PROTOCOL_HEADER)
    if revision is None:
        return
    if not REVISION_PATTERN.fullmatch(revision):
        raise InvalidRequest(f"{PROTOCOL_HEADER} is not a number.")
    if int(revision) < OLDEST_REVISION:
        raise ClientTooOld(
            f"This plugin speaks an older protocol than the exchange service (nbexchange {VERSION}) "
            "understands."
        )


def identify() -> None:
    """Before each route of the API: find out who is calling, or answer that it is not known."""
    try:
        identity = _authenticate()
    except ExchangeProblem:
        raise
    except UnusableId as error:
        log.warning("somebody cannot be let in: %s (request %s)", error, g.request_id)
        raise IdentityRefused(f"Who you are cannot be told from others: {error}.") from None
    except Exception as error:
        log.exception("the authenticator failed (request %s)", g.request_id)
        raise DependencyUnavailable("authentication", "Who is calling cannot be found out now.") from error
    if identity is None:
        raise Unauthenticated(
            "The exchange does not know you: your token is missing, unknown or has expired."
        )
    if runtime().has_rosters:
        with runtime().database.read() as session:
            identity = add_roles(session, identity)
    g.identity = identity


def _authenticate() -> Identity | None:
    identity = runtime().authenticator.authenticate(request)
    if identity is not None and identity.is_administrator:
        raise InvalidIdentity("the administrator of the exchange makes no requests")
    return identity


def _begin() -> None:
    environ = request.environ
    request_id = environ.get("HTTP_X_REQUEST_ID", "")
    g.request_id = request_id if REQUEST_ID.fullmatch(request_id) else str(uuid4())
    if problem := environ.get(PROBLEM):
        raise problem


def _end(response: Response) -> Response:
    environ, request_id = request.environ, g.request_id
    headers = response.headers
    headers.add("X-Request-ID", request_id)
    headers.add(PROTOCOL_HEADER, str(REVISION))
    headers.add(VERSION_HEADER, VERSION)
    now = time.perf_counter()
    milliseconds = 1000 * (now - environ.get(STARTED, now))
    log.info("%s %s %.0f ms %s", describe(environ), response.status_code, milliseconds, request_id)
    return response
