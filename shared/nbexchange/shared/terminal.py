"""Text that comes from elsewhere, such as names and titles, at somebody's terminal and in their log."""

from __future__ import annotations

import unicodedata

JOINERS = "\u200c\u200d"
"""Have no width, and belong to the spelling of names."""


def clean(text: str) -> str:
    """The text with what would control a terminal written out."""
    return "".join(char if _is_harmless(char) else _written_out(char) for char in text)


def clean_lines(text: str) -> str:
    """The same for a text of several lines."""
    return "\n".join(map(clean, text.splitlines()))


def clean_layout(text: str) -> str:
    """The same for a text with lines and tabs of its own, all of which stay."""
    return "\n".join("\t".join(map(clean, line.split("\t"))) for line in text.split("\n"))


def _is_harmless(char: str) -> bool:
    return char.isprintable() or char in JOINERS or unicodedata.category(char) == "Zs"


def _written_out(char: str) -> str:
    return char.encode("unicode_escape").decode()
