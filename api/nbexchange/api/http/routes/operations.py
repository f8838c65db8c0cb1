"""Routes that say what they take and give: once, for the parser and for the published document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response

from nbexchange.api.http.conventions import parse_body, parse_query, reply
from nbexchange.api.problems import ExchangeProblem
from nbexchange.protocol import NoQuery

View = Callable[..., Any]


@dataclass(frozen=True)
class Operation:
    """A method on a path below the blueprint, with the wire types of its query, body and answer.

    `problems` are those that the whole call can end with, beyond what every call can.
    """

    name: str
    method: str
    path: str
    answer: Any
    query: Any
    body: Any
    problems: tuple[type[ExchangeProblem], ...]
    needs_identity: bool
    description: str


@dataclass(frozen=True)
class Operations:
    blueprint: Blueprint
    needs_identity: bool = True
    all: list[Operation] = field(default_factory=list)

    def add(
        self,
        method: str,
        path: str,
        *,
        answer: Any,
        query: Any = None,
        body: Any = None,
        problems: tuple[type[ExchangeProblem], ...] = (),
    ) -> Callable[[View], View]:
        """Register a view, which is called with the parsed query or body, if it has one, and returns the answer."""

        def register(view: View) -> View:
            def respond(**path_values: Any) -> Response:
                given = [parse_query(query)] if query else []
                if not query and self.needs_identity:
                    parse_query(NoQuery)  # a probe may add to its query what it likes
                if body:
                    given.append(parse_body(body))
                return reply(view(*given, **path_values))

            self.blueprint.add_url_rule(path, view.__name__, respond, methods=[method])
            description = (view.__doc__ or "").strip()
            self.all.append(
                Operation(
                    name=view.__name__,
                    method=method,
                    path=path,
                    answer=answer,
                    query=query,
                    body=body,
                    problems=problems,
                    needs_identity=self.needs_identity,
                    description=description,
                )
            )
            return view

        return register
