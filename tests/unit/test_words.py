"""Words that were given up stay out: in prose, in names, and in the names of variables. See docs/glossary.md."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("api", "docs", "infra", "plugin", "shared", "storage", "tests")
FILES = sorted(
    path
    for path in [*ROOT.glob("*.md"), *(p for name in FOLDERS for p in (ROOT / name).rglob("*"))]
    if path.suffix in {".md", ".py", ".toml", ".yml"}
    and path != Path(__file__)
    and path.name != "CHANGELOG.md"
    and "node_modules" not in path.parts
)
MODULES = [path for path in FILES if path.suffix == ".py"]

WORDS = {
    r"whoever|whomever": "say who",
    r"lest|thereof|therein|herein": "plain English",
    r"nobody's|of its own accord": "plain English",
    r"collectors?": "garbage collection: nbgrader collects",
    r"admission|occasion|settler|settlement|verdicts?": "uploads/rules, uploads/batch, uploads/complete",
    r"rubbish": "garbage",
    r"operator-required|operator/shell": "administrator",
    r"enrolment": "rosters/change",
}
"""What is not written any more, and what is written instead."""

VARIABLES = {"found", "wanted", "known", "given", "made", "place", "places"}
"""They say nothing of what they hold."""

ARTICLE = re.compile(r"(A|AN|THE)_[A-Z]")


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("word", WORDS)
def test_a_word_that_was_given_up_stays_out(word):
    pattern = re.compile(rf"\b({word})\b", re.IGNORECASE)
    lines = [
        f"{relative(path)}:{number}: {line.strip()}"
        for path in FILES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if pattern.search(line)
    ]
    assert lines == [], WORDS[word]


def bound_names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Variables, parameters and fields."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield name, node.lineno


def test_variables_say_what_they_hold():
    names = [
        f"{relative(path)}:{line}: {name}"
        for path in MODULES
        for name, line in bound_names(ast.parse(path.read_text()))
        if name in VARIABLES or ARTICLE.match(name)
    ]
    assert names == []
