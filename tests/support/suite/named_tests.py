"""Tests that tables name, by their path below `tests/` and their function."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parents[2]


def missing(nodes: list[str]) -> list[str]:
    """Those of `path::function` that do not exist."""
    return [node for node in nodes if node.partition("::")[2] not in _functions(node.partition("::")[0])]


@cache
def _functions(path: str) -> set[str]:
    file = TESTS / path
    body = ast.parse(file.read_text()).body if file.is_file() else []
    return {node.name for node in body if isinstance(node, ast.FunctionDef)}
