"""How much of a list one answer carries: rows are bounded where they are read, bytes here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, TypeVar

import msgspec

from nbexchange.api.problems import TooLarge

PAGE_BYTES = 1 << 20
"""Of the entries of a page. One that has more is a page of its own."""

PAGED_SINCE = 2
"""The revision of the protocol from which on clients ask for one page after the other."""

MOST_PAGES = 8
"""How many pages a client gets at once that knows none."""

ENCODER = msgspec.json.Encoder()

Encoded = Any
"""An entry as an answer has it, encoded already (`msgspec.Raw`): to know its size takes the encoding."""


@dataclass(frozen=True)
class Page:
    """Of a list that is in another order than its pages: each entry with what orders it, and the cursor."""

    entries: Sequence[tuple[Any, Encoded]]
    cursor: str | None


P = TypeVar("P", bound=Page)


def fit(entries: Iterable[Any]) -> list[Encoded]:
    """The first of them, as many as one answer carries, and at least one."""
    size = 0
    fitting: list[Encoded] = []
    for entry in entries:
        encoded = ENCODER.encode(entry)
        size += len(encoded)
        if fitting and size > PAGE_BYTES:
            break
        fitting.append(msgspec.Raw(encoded))
    return fitting


def in_order(pages: Iterable[Page]) -> list[Encoded]:
    """The entries of one page, or of several."""
    entries = [entry for page in pages for entry in page.entries]
    return [entry for _, entry in sorted(entries, key=itemgetter(0))]


def all_pages(list_page: Callable[[str | None], P]) -> list[P]:
    """All pages of a list, for a client that knows none; raises `TooLarge` for too many."""
    pages = [list_page(None)]
    while pages[-1].cursor is not None:
        if len(pages) == MOST_PAGES:
            raise TooLarge("The list is longer than your program can read: it is an older one.")
        pages.append(list_page(pages[-1].cursor))
    return pages
