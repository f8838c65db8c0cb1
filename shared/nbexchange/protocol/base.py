"""What every message is made of: requests, answers, problems, and the headers that name revision and program."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from msgspec import Meta, Struct

REVISION = 2
"""Grows by one whenever requests or answers gain something. Client and service each say theirs in every message."""

FIRST_REVISION = 1
"""What a client is taken for that does not state its own."""

REVISION_PATTERN = re.compile(r"[0-9]{1,6}")
PROTOCOL_HEADER = "NBExchange-Protocol"

VERSION_HEADER = "NBExchange-Version"
"""The version of the program that speaks, for people."""

Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", max_length=64)]  # $ alone lets a newline pass
Md5 = Annotated[str, Meta(pattern="^[0-9a-f]{32}$", max_length=32)]
Size = Annotated[int, Meta(ge=1, le=2**62)]
Instant = Annotated[datetime, Meta(tz=True)]


def text_of(values: Any) -> Meta:
    """For a field of an answer: any text is read, since a newer service may know more than these values.

    `values` is the `Literal` that requests use. The OpenAPI document names them.
    """
    return Meta(
        description="A newer service may answer with other values.",
        extra_json_schema={"enum": list(get_args(values))},
    )


class Request(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A body or a query string that a client sends."""


class NoQuery(Request):
    """For routes that take no parameters: those that would widen something are refused, not ignored."""


class Answer(Struct, omit_defaults=True):
    """A body that the service sends."""


class Problem(Answer):
    """An RFC 9457 problem. `type` is stable and is what programs switch on; `detail` is for people.

    `retry_after` is in seconds, as in the header: the problem of an item has no header of its own.
    """

    type: str
    title: str
    status: int
    detail: str
    request_id: str | None = None
    limit: int | None = None
    retry_after: int | None = None


class Health(Answer, omit_defaults=False):
    status: Annotated[str, text_of(Literal["ok"])] = "ok"


class ItemFailed(Answer, tag_field="type", tag="error"):
    id: UUID
    problem: Problem
