"""Writes the table of operations into security.md beside it: `python docs/write_security.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from nbexchange.api.http.openapi import path_template
from nbexchange.api.http.operations import Operation
from nbexchange.api.http.routes import health, v1

PAGE = Path(__file__).with_name("security.md")
BEGIN, END = "<!-- operations -->\n", "<!-- end of operations -->\n"


def page() -> str:
    """The page with the table as the routes declare it."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    return before + BEGIN + "\n".join(table()) + "\n" + END + rest.partition(END)[2]


def table() -> Iterator[str]:
    yield "| operation | what it does | who may call |"
    yield "|---|---|---|"
    yield from (row("/", operation) for operation in health.operations.all)
    yield from (row("/v1", operation) for operation in v1.operations())


def row(prefix: str, operation: Operation) -> str:
    path = prefix + path_template(operation.path)
    return f"| `{operation.method} {path}` | {operation.summary} | {operation.requires.who} |"


if __name__ == "__main__":
    PAGE.write_text(page())
