"""Routes that say what they require, take and give: once, for the service and for the documents."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response

from nbexchange.api.access.permissions import Requirement
from nbexchange.api.http.current import caller
from nbexchange.api.http.messages import parse_body, parse_query, reply
from nbexchange.api.problems import ExchangeProblem
from nbexchange.protocol import NoQuery

View = Callable[..., Any]


@dataclass(frozen=True)
class Operation:
    """A method on a path below a blueprint, with the wire types of its query, body and answer.

    `problems` are those that the whole call can end with, beyond what every call can.
    """

    view: View
    method: str
    path: str
    requires: Requirement
    answer: Any
    query: Any
    body: Any
    problems: tuple[type[ExchangeProblem], ...]

    @property
    def name(self) -> str:
        return self.view.__name__

    @property
    def summary(self) -> str:
        """What it does: the first line of the view's docstring."""
        return (inspect.getdoc(self.view) or "").partition("\n")[0]

    @property
    def description(self) -> str:
        """What more the docstring says, and who may call."""
        more = (inspect.getdoc(self.view) or "").partition("\n")[2].strip()
        return "\n\n".join(filter(None, [more, f"Who may call: {self.requires.who}"]))

    def respond(self, **path_values: Any) -> Response:
        """Parse, check what is required, call the view, answer."""
        arguments = [
            parse(kind) for parse, kind in ((parse_query, self.query), (parse_body, self.body)) if kind
        ]
        if self.requires.needs_identity:
            if not self.query:
                parse_query(NoQuery)  # a probe may add to its query what it likes
            self.requires.check(caller(), arguments[0] if arguments else None)
        return reply(self.view(*arguments, **path_values))


@dataclass(frozen=True)
class Operations:
    """The operations of one subject, in the order of their declaration."""

    all: list[Operation] = field(default_factory=list)

    def add(  # noqa: PLR0913 - a declaration, with a name for each part
        self,
        method: str,
        path: str,
        *,
        requires: Requirement,
        answer: Any,
        query: Any = None,
        body: Any = None,
        problems: tuple[type[ExchangeProblem], ...] = (),
    ) -> Callable[[View], View]:
        """Declare a view, which is called with the parsed query or body, if it has one, and returns the answer."""

        def declare(view: View) -> View:
            self.all.append(Operation(view, method, path, requires, answer, query, body, problems))
            return view

        return declare

    def register(self, blueprint: Blueprint) -> None:
        for operation in self.all:
            blueprint.add_url_rule(
                operation.path, operation.name, operation.respond, methods=[operation.method]
            )
