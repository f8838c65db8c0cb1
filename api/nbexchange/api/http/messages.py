"""Bodies and query strings: requests parsed into wire types, answers as JSON."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

import msgspec
from flask import Response, request

from nbexchange.api.problems import InvalidRequest
from nbexchange.api.wire.misfits import refusing_misfits
from nbexchange.api.wire.pages import ENCODER

MAX_BODY = 4 << 20
"""Bytes of a JSON body: a batch of a hundred items with long lists of notebooks fits."""

T = TypeVar("T")


def parse_query(kind: type[T]) -> T:
    """The request's query string; raises `InvalidRequest`."""
    with refusing_misfits():
        if not request.query_string:
            return msgspec.convert({}, kind)
        parameters = request.args.to_dict(flat=False)
        if any(len(texts) > 1 for texts in parameters.values()):
            raise InvalidRequest("A parameter is given twice.")
        if any("\0" in text for (text,) in parameters.values()):
            raise InvalidRequest("The query has a NUL character.")
        literal = _literal_fields(kind)  # type: ignore[arg-type]  # a class can be hashed
        values = {name: _literal(text) if name in literal else text for name, (text,) in parameters.items()}
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
    """The request's JSON body; raises `InvalidRequest`, or Flask's exception for one that is too long."""
    if request.mimetype != "application/json":  # what a form of another site cannot send
        raise InvalidRequest("The body's type is not application/json.")
    body = request.get_data(cache=False)
    with refusing_misfits():
        return msgspec.json.decode(body, type=kind)


def reply(answer: Any, status: int = 200, content_type: str = "application/json") -> Response:
    headers = {"Content-Type": content_type, "Cache-Control": "no-store"}
    return Response(ENCODER.encode(answer), status, headers)
