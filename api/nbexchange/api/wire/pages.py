"""How much of a list one answer carries: rows are bounded where they are read, bytes here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec

PAGE_BYTES = 1 << 20
"""Of the entries of a page. One that has more is a page of its own."""

T = TypeVar("T")


def fit(entries: Sequence[T]) -> list[T]:
    """The first of them, as many as one answer carries, and at least one."""
    size = 0
    fitting: list[T] = []
    for entry in entries:
        size += len(msgspec.json.encode(entry))
        if fitting and size > PAGE_BYTES:
            break
        fitting.append(entry)
    return fitting
