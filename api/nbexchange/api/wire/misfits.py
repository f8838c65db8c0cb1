"""The one place that answers for parsers: whatever they raise about what a caller sent is the caller's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from nbexchange.api.problems import ExchangeProblem, InvalidRequest

MAX_REASON = 200
"""Characters: a parser may quote what it was given."""


@contextmanager
def refusing_misfits(what: str = "The request does not fit") -> Iterator[None]:
    """Turn every exception into `InvalidRequest`. Nothing but a parser, at work on what the caller sent, belongs here.

    Parsers also raise what is no error of a value, such as `RecursionError` for brackets without end.
    """
    try:
        yield
    except ExchangeProblem:
        raise
    except Exception as error:  # noqa: BLE001 - see above
        raise InvalidRequest(f"{what}: {str(error)[:MAX_REASON]}") from None
