"""Text in columns, for people at a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from nbexchange.shared.terminal import JOINERS, clean

GAP = "  "


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
