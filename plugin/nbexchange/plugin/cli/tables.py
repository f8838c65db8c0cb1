"""Text in columns, for people at a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

GAP = "  "
JOINERS = "\u200c\u200d"
"""Have no width, and belong to the spelling of names."""


def clean(text: str) -> str:
    """The text with what would control a terminal written out: names and titles come from elsewhere."""
    return "".join(char if _is_harmless(char) else _written_out(char) for char in text)


def _is_harmless(char: str) -> bool:
    return char.isprintable() or char in JOINERS or unicodedata.category(char) == "Zs"


def _written_out(char: str) -> str:
    return char.encode("unicode_escape").decode()


def clean_lines(text: str) -> str:
    """The same for a text of several lines."""
    return "\n".join(map(clean, text.splitlines()))


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """Rows below their headings; what is None is shown as a dash."""
    yield from columns([[heading.upper() for heading in headings], *rows])


def columns(rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """The rows, each cell as wide as the widest of its column."""
    texts = [["-" if cell is None else clean(str(cell)) for cell in row] for row in rows]
    widths = [max(map(width, column)) for column in zip(*texts, strict=True)]
    for row in texts:
        padded = (cell + " " * (column - width(cell)) for cell, column in zip(row, widths, strict=True))
        yield GAP.join(padded).rstrip()


def width(text: str) -> int:
    """The columns of a terminal that the text takes."""
    return sum(_width(char) for char in text)


def _width(char: str) -> int:
    if unicodedata.combining(char) or char in JOINERS:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
