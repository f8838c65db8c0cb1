"""Lists as PostgreSQL reads them in a text: `{"ps1","ps2"}`.

The driver looks into each list for what its items are: of a short one that takes as much of the processor as all else
that it does for a statement, and of long ones more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine, UserDefinedType

PLAIN = {int, bool, datetime, UUID}
"""What needs no quotation marks."""


class TextArray(UserDefinedType[Any]):
    """The type of a parameter that is an array, and travels as text."""

    cache_ok = True
    render_bind_cast = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        self.item = item

    def get_col_spec(self, **_: Any) -> str:
        dialect: Any = postgresql.dialect  # untyped
        return f"{self.item.compile(dialect())}[]"

    def bind_processor(self, dialect: Any) -> Callable[[Any], str]:
        return array_text


def array_text(values: Iterable[Any]) -> str:
    """Of texts, numbers, truth values, UUIDs, instants or JSON documents, which are lists and objects here."""
    cells = list(values)
    kinds = set(map(type, cells))
    if kinds <= PLAIN:
        return "{" + ",".join(map(str, cells)) + "}"
    if kinds == {str}:
        text = '","'.join(cells)
        if "\\" not in text and text.count('"') == 2 * len(cells) - 2:
            return f'{{"{text}"}}'
    return "{" + ",".join(map(_cell, cells)) + "}"


def _cell(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, list | dict | tuple):
        value = msgspec.json.encode(value).decode()
    if isinstance(value, str):
        value = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{value}"'
