"""What the import contracts cannot see of the floors of the service: names, and questions for a role."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from nbexchange import api, protocol
from nbexchange.protocol import Answer

SERVICE = Path(api.__path__[0])
DOMAINS = ("access", "assignments", "audit", "db", "rosters", "uploads")
VALUES = {"Limits", "Quotas"}
"""Answers that are values of the service too: they come from the settings and go out as they are."""


def modules(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((SERVICE / folder).rglob("*.py"))]


def imported_from_protocol(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    names = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("nbexchange.protocol")
        for alias in node.names
    }
    whole = any(
        isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "protocol"
        for node in ast.walk(tree)
    )
    return {*names, "protocol"} if whole else names


@pytest.mark.parametrize("path", modules(*DOMAINS), ids=lambda path: str(path.relative_to(SERVICE)))
def test_domains_take_requests_and_make_no_answers(path):
    names = imported_from_protocol(path)
    assert "protocol" not in names, "name the types, so that it can be seen which they are"
    answers = {
        name
        for name in names - VALUES
        if isinstance(kind := getattr(protocol, name), type) and issubclass(kind, Answer)
    }
    assert answers == set()


MAKERS = {path for path in SERVICE.rglob("*.py") if "wire" in path.parts}
"""Of answers."""
NAMES_OF_ANSWERS = {kind.__name__ for kind in protocol.wire_types(Answer)} - VALUES


def called_names(path: Path) -> set[str]:
    """The functions and classes that a module calls, without what stands before a dot."""
    calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    names = {node.attr for node in calls if isinstance(node, ast.Attribute)}
    imported = imported_from_protocol(path)
    return names | {node.id for node in calls if isinstance(node, ast.Name) and node.id in imported}


def made_answers(paths: set[Path]) -> set[str]:
    return {name for path in paths for name in called_names(path) & NAMES_OF_ANSWERS}


def test_wire_alone_makes_answers():
    assert "Problem" in made_answers(MAKERS)
    assert made_answers({*SERVICE.rglob("*.py")} - MAKERS) == set()


ROLE_QUESTIONS = re.compile(
    r"has_role|\.courses\[[^\]]*\]\.role|\.courses\.get|ROLES\.index|require_role\(|is_instructor"
)


def test_only_access_asks_for_the_role_of_a_caller():
    questions = {
        f"{path.relative_to(SERVICE)}: {line.strip()}"
        for path in SERVICE.rglob("*.py")
        if path.relative_to(SERVICE).parts[0] != "access"
        for line in path.read_text().splitlines()
        if ROLE_QUESTIONS.search(line)
    }
    assert questions == set()
