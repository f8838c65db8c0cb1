"""Problems as RFC 9457 has them."""

from __future__ import annotations

from uuid import UUID

from nbexchange.api.problems import ExchangeProblem, InvalidRequest
from nbexchange.protocol import ItemFailed, Problem

ROUTING_TYPES = {404: "unknown-route", 405: "method-not-allowed"}
"""The types of what Flask refuses; of any other status it is that of an invalid request."""


def problem_answer(problem: ExchangeProblem, request_id: str | None = None) -> Problem:
    return Problem(
        problem.type,
        problem.title,
        problem.status,
        problem.detail,
        request_id,
        problem.limit,
        problem.retry_after,
    )


def routing_problem(status: int, title: str, detail: str | None, request_id: str) -> Problem:
    """What Flask refuses before any route of ours is reached."""
    kind = ROUTING_TYPES.get(status, InvalidRequest.type)
    if kind == "unknown-route":
        detail = "The exchange service has nothing at this address."
    return Problem(kind, title, status, detail or title, request_id)


def failed_item(item_id: UUID, problem: ExchangeProblem) -> ItemFailed:
    return ItemFailed(item_id, problem_answer(problem))
