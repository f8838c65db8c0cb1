"""Keyset cursors: the key of a page's last row, as an opaque text that the next request brings back."""

from __future__ import annotations

import base64
from typing import Annotated

import msgspec

from nbexchange.api.problems import InvalidRequest
from nbexchange.api.wire.misfits import refusing_misfits

Keys = tuple[Annotated[int, msgspec.Meta(ge=0, le=2**62)], ...]

DECODER = msgspec.json.Decoder(Keys)


def encode_cursor(*keys: int) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(keys)).decode()


def decode_cursor(text: str | None, length: int) -> Keys | None:
    """The keys, as many as are expected; None for the first page.

    Raises `InvalidRequest` for what `encode_cursor` did not make.
    """
    if text is None:
        return None
    with refusing_misfits("The cursor is not one that this service gave"):
        keys = DECODER.decode(base64.urlsafe_b64decode(text.encode()))
    if len(keys) != length:
        raise InvalidRequest("The cursor is not one that this service gave.")
    return keys
