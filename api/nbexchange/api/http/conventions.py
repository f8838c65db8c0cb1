"""What every route shares: parsing, answering, request ids, errors as problem+json, one log line per request."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from typing import Any, TypeVar
from urllib.parse import quote
from uuid import uuid4

import msgspec
from flask import Flask, Response, g, request
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, TimeoutError
from werkzeug.exceptions import HTTPException

from nbexchange.api.problems import (
    ClientTooOld,
    ExchangeProblem,
    InvalidRequest,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from nbexchange.api.rosters import read as rosters
from nbexchange.api.runtime import services
from nbexchange.protocol import PROTOCOL_HEADER, REVISION, REVISION_PATTERN, VERSION_HEADER, Problem
from nbexchange.storage import StoreUnavailable

log = logging.getLogger("nbexchange")

MAX_BODY = 4 << 20
"""Bytes of a JSON body: a batch of a hundred items with long lists of notebooks fits."""

REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")

T = TypeVar("T")


def parse_query(kind: type[T]) -> T:
    """The request's query string; raises `InvalidRequest`."""
    with _refusing_misfits():
        given = request.args.to_dict(flat=False)
        if any(len(texts) > 1 for texts in given.values()):
            raise InvalidRequest("A parameter is given twice.")
        if any("\0" in text for (text,) in given.values()):
            raise InvalidRequest("The query has a NUL character.")
        literal = _literal_fields(kind)  # type: ignore[arg-type]  # a class can be hashed
        values = {name: _literal(text) if name in literal else text for name, (text,) in given.items()}
        return msgspec.convert(values, kind)


@cache
def _literal_fields(kind: type) -> frozenset[str]:
    """The parameters that are numbers or truth values; any other text means what it says, a `null` as well."""
    described = msgspec.inspect.type_info(kind)
    assert isinstance(described, msgspec.inspect.StructType)  # noqa: S101 - wire types are
    literal = (msgspec.inspect.IntType, msgspec.inspect.BoolType)
    return frozenset(field.encode_name for field in described.fields if isinstance(field.type, literal))


def _literal(text: str) -> Any:
    try:
        return msgspec.json.decode(text.lower())
    except msgspec.DecodeError:
        return text


def parse_body(kind: type[T]) -> T:
    """The request's JSON body; raises `InvalidRequest`."""
    with _refusing_misfits():
        if request.mimetype != "application/json":  # what a form of another site cannot send
            raise InvalidRequest("The body's type is not application/json.")
        return msgspec.json.decode(request.get_data(cache=False), type=kind)


@contextmanager
def _refusing_misfits() -> Iterator[None]:
    try:
        yield
    except (msgspec.MsgspecError, ValueError, ArithmeticError) as error:
        raise InvalidRequest(f"The request does not fit: {error}") from None


def reply(answer: Any, status: int = 200, content_type: str = "application/json") -> Response:
    response = Response(msgspec.json.encode(answer), status, content_type=content_type)
    response.headers["Cache-Control"] = "no-store"
    return response


def install(app: Flask) -> None:
    """Put these habits on an app."""
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.before_request(_begin)
    app.after_request(_end)
    app.register_error_handler(ExchangeProblem, _answer_problem)
    app.register_error_handler(StoreUnavailable, _answer_store_away)
    app.register_error_handler(DBAPIError, _answer_database_error)
    app.register_error_handler(TimeoutError, _answer_database_error)
    app.register_error_handler(HTTPException, _answer_http_error)
    app.register_error_handler(Exception, _answer_defect)


OLDEST_REVISION = 1
"""Of the protocol, that this service still understands."""


def negotiate() -> None:
    """Before each route of the API: refuse a client that would not understand the answers."""
    revision = request.headers.get(PROTOCOL_HEADER)
    if revision is None:
        return
    if not REVISION_PATTERN.fullmatch(revision):
        raise InvalidRequest(f"{PROTOCOL_HEADER} is not a number.")
    if int(revision) < OLDEST_REVISION:
        raise ClientTooOld(
            f"This plugin speaks an older protocol than the exchange service (nbexchange {version('nbexchange')}) "
            "understands."
        )


def identify() -> None:
    """Before each route of the API: find out who is calling, or answer that it is not known."""
    try:
        identity = services().authenticator.authenticate(request)
    except ExchangeProblem:
        raise
    except Exception as error:
        log.exception("the authenticator failed (request %s)", g.request_id)
        raise Unavailable("authentication", "Who is calling cannot be found out now.") from error
    if identity is None:
        raise Unauthenticated(
            "The exchange does not know you: your token is missing, unknown or has expired."
        )
    if services().has_rosters:
        with services().database.read() as session:
            identity = rosters.add_roles(session, identity)
    g.identity = identity


def _begin() -> None:
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if REQUEST_ID.fullmatch(given) else str(uuid4())
    g.started = time.perf_counter()


def _end(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.request_id
    response.headers[PROTOCOL_HEADER] = str(REVISION)
    response.headers[VERSION_HEADER] = version("nbexchange")
    # The path alone: a query string can hold a signature.
    log.info(
        "%s %s %s %.0f ms %s",
        request.method,
        quote(request.path),
        response.status_code,
        1000 * (time.perf_counter() - g.started),
        g.request_id,
    )
    return response


def _answer_problem(problem: ExchangeProblem) -> Response:
    response = reply(problem.to_wire(g.request_id), problem.status, "application/problem+json")
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    if problem.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _answer_store_away(error: StoreUnavailable) -> Response:
    log.error("the object store is away (request %s): %s", g.request_id, error)
    return _answer_problem(Unavailable("storage", "The object store cannot be used now."))


def _answer_database_error(error: Exception) -> Response:
    if not isinstance(error, OperationalError | InterfaceError | TimeoutError):
        return _answer_defect(error)
    # The texts of these errors can name the database's host; parameters are hidden by the engine.
    log.error("the database failed (request %s): %s", g.request_id, error)
    return _answer_problem(Unavailable("database", "The database cannot be used now."))


HTTP_KINDS = {404: "unknown-route", 405: "method-not-allowed"}
"""The types of what Flask refuses before any route of ours is reached."""


def _answer_http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status == 413:
        return _answer_problem(TooLarge("The request's body is too long.", limit=MAX_BODY))
    if error.response is not None:  # a redirect
        return Response(status=status, headers=error.response.headers)
    kind = HTTP_KINDS.get(status, InvalidRequest.type)
    problem = Problem(kind, error.name, status, error.description or error.name, g.request_id)
    response = reply(problem, status, "application/problem+json")
    response.headers.extend((k, v) for k, v in error.get_headers() if k in {"Allow"})
    return response


def _answer_defect(error: Exception) -> Response:
    log.error("a defect (request %s)", g.request_id, exc_info=error)
    return _answer_problem(ExchangeProblem("The exchange service met a defect of its own."))
