"""Names and patterns of names, as nbgrader takes them on its command line."""

from __future__ import annotations

from nbexchange.protocol import is_path_component


def literal(text: str) -> str | None:
    """The text, where it is one name that the service can look for and no pattern."""
    return text if is_path_component(text) and not set(text) & set("*?[") else None
