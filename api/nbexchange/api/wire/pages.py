"""How much of a list one answer carries: rows are bounded where they are read, bytes here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import msgspec

from nbexchange.api.problems import TooLarge

PAGE_BYTES = 1 << 20
"""Of the entries of a page. One that has more is a page of its own."""

PAGED_SINCE = 2
"""The revision of the protocol from which on clients ask for one page after the other."""

MOST_PAGES = 8
"""How many pages a client gets at once that knows none."""

T = TypeVar("T")


class Page(Protocol):
    cursor: str | None


P = TypeVar("P", bound=Page)


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


def all_pages(list_page: Callable[[str | None], P]) -> list[P]:
    """All pages of a list, for a client that knows none; raises `TooLarge` for too many."""
    pages = [list_page(None)]
    while pages[-1].cursor is not None:
        if len(pages) == MOST_PAGES:
            raise TooLarge("The list is longer than your program can read: it is an older one.")
        pages.append(list_page(pages[-1].cursor))
    return pages
