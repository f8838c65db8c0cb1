"""Whatever goes wrong is answered as `application/problem+json`."""

from __future__ import annotations

import logging

from flask import Flask, Response, g
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, TimeoutError
from werkzeug.exceptions import HTTPException

from nbexchange.api.http.messages import MAX_BODY, reply
from nbexchange.api.problems import DependencyUnavailable, ExchangeProblem, ObjectRefused, TooLarge
from nbexchange.api.wire.problems import problem_answer, routing_problem
from nbexchange.storage import RequestRefused, StoreUnavailable

log = logging.getLogger("nbexchange")


def install(app: Flask) -> None:
    app.register_error_handler(ExchangeProblem, _answer_problem)
    app.register_error_handler(RequestRefused, _answer_refusal)
    app.register_error_handler(StoreUnavailable, _answer_store_error)
    app.register_error_handler(DBAPIError, _answer_database_error)
    app.register_error_handler(TimeoutError, _answer_database_error)
    app.register_error_handler(HTTPException, _answer_http_error)
    app.register_error_handler(Exception, _answer_defect)


def _answer_problem(problem: ExchangeProblem) -> Response:
    answer = problem_answer(problem, g.request_id)
    response = reply(answer, problem.status, "application/problem+json")
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    if problem.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _answer_refusal(refusal: RequestRefused) -> Response:
    """A store's refusal, passed on as it is."""
    return _answer_problem(ObjectRefused(str(refusal), refusal.status, refusal.code))


def _answer_store_error(error: StoreUnavailable) -> Response:
    log.error("the object store is unavailable (request %s): %s", g.request_id, error)
    return _answer_problem(DependencyUnavailable("storage", "The object store cannot be used now."))


def _answer_database_error(error: Exception) -> Response:
    if not isinstance(error, OperationalError | InterfaceError | TimeoutError):
        return _answer_defect(error)
    # The texts of these errors can name the database's host; parameters are hidden by the engine.
    log.error("the database failed (request %s): %s", g.request_id, error)
    return _answer_problem(DependencyUnavailable("database", "The database cannot be used now."))


def _answer_http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status == 413:
        return _answer_problem(TooLarge("The request's body is too long.", limit=MAX_BODY))
    if error.response is not None:  # a redirect
        return Response(status=status, headers=error.response.headers)
    problem = routing_problem(status, error.name, error.description, g.request_id)
    response = reply(problem, status, "application/problem+json")
    response.headers.extend((k, v) for k, v in error.get_headers() if k in {"Allow"})
    return response


def _answer_defect(error: Exception) -> Response:
    log.error("a defect (request %s)", g.request_id, exc_info=error)
    return _answer_problem(ExchangeProblem("The exchange service met a defect of its own."))
