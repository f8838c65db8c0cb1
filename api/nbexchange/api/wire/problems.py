"""Problems as RFC 9457 has them."""

from __future__ import annotations

from uuid import UUID

from nbexchange.api.problems import ExchangeProblem
from nbexchange.protocol import ItemFailed, Problem


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


def failed_item(item_id: UUID, problem: ExchangeProblem) -> ItemFailed:
    return ItemFailed(item_id, problem_answer(problem))
