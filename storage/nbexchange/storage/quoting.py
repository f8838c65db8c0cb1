"""Values of query strings, percent-encoded."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote


def quoted(value: str) -> str:
    """Nothing but letters, digits and `_.-~` is left as it is."""
    return value if value.isalnum() and value.isascii() else _quote(value)


@lru_cache(maxsize=128)
def _quote(value: str) -> str:
    """Kept: most values come again, and a session token has a thousand characters."""
    return quote(value, safe="")
