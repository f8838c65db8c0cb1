"""Bytes as people read them."""

from __future__ import annotations

from collections.abc import Iterable

UNITS = ("kB", "MB", "GB", "TB")


def humanize(size: int) -> str:
    """`1 234 567` bytes as `1.2 MB`: decimal units, as nbgrader counts."""
    if size < 1000:
        return f"{size} bytes"
    amount = float(size)
    for unit in UNITS:
        amount /= 1000
        if amount < 999.95 or unit == UNITS[-1]:
            break
    return f"{amount:.1f} {unit}"


def name_largest(files: Iterable[tuple[int, str]], count: int = 3) -> str:
    """The largest of some `(size, name)`, as a phrase."""
    largest = sorted(files, reverse=True)[:count]
    return ", ".join(f"{name} ({humanize(size)})" for size, name in largest)
