"""Which headers of a grant are sent to the store: all that the service signed, but for those that are never its own."""

from __future__ import annotations

import re
from collections.abc import Mapping

from nbexchange.plugin.failures import StorageFailed
from nbexchange.plugin.messages import say

FORBIDDEN = {
    # who is calling, and whom
    "authorization",
    "cookie",
    "host",
    # of the connection (RFC 9110, section 7.6.1), which belongs to the HTTP library
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    # follows from the body
    "content-length",
}
FORBIDDEN_PREFIX = "proxy-"

NAME_PATTERN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
VALUE_PATTERN = re.compile(r"([!-~]([\t -~]*[!-~])?)?")
"""Visible ASCII with spaces between: nothing that starts another header, or that two programs encode differently."""


def headers_to_send(signed: Mapping[str, str], host: str, size: int = 0) -> dict[str, str]:
    """The signed headers without the forbidden ones, for a body of `size` bytes.

    Raises `StorageFailed` where one cannot be sent, or where the signature is for a body of another length.
    """
    headers = {name.lower(): value for name, value in signed.items()}
    if size and headers.get("content-length", str(size)) != str(size):
        raise StorageFailed(say("store-grant", host=host, why="it is for another number of bytes"))
    allowed = {name: value for name, value in headers.items() if not is_forbidden(name)}
    if not all(NAME_PATTERN.fullmatch(name) and VALUE_PATTERN.fullmatch(allowed[name]) for name in allowed):
        raise StorageFailed(say("store-grant", host=host, why="it has a header that cannot be sent"))
    return allowed


def is_forbidden(name: str) -> bool:
    """Whether a header, in lower case, is never sent to a store."""
    return name in FORBIDDEN or name.startswith(FORBIDDEN_PREFIX)
