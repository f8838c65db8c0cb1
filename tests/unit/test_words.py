"""Words that were given up stay out: in prose, in names, and in the names of variables. See docs/glossary.md."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
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

# The sources are parsed by one process.
pytestmark = pytest.mark.xdist_group("words")

WORDS = {
    r"whoever|whomever": "say who",
    r"lest|thereof|therein|herein": "plain English",
    r"nobody'?s|of its own accord": "plain English",
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


def as_words(name: str) -> str:
    """Of `test_the_store`, `StoreClient` or `MAX_SIZE`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_-]+", " ", name).lower()


def given_up(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b({pattern})\b", re.IGNORECASE)


@pytest.mark.parametrize("word", WORDS)
def test_a_word_that_was_given_up_stays_out(word):
    pattern = given_up(word)
    lines = [
        f"{relative(path)}:{number}: {line.strip()}"
        for path in FILES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if pattern.search(line)
    ]
    assert lines == [], WORDS[word]


def in_sources(select: Callable[[ast.AST], Iterator[tuple[str, int]]]) -> Iterator[tuple[str, str]]:
    """The names of all sources that are selected, each with where it stands."""
    for path, tree in trees().items():
        for name, line in select(tree):
            yield name, f"{relative(path)}:{line}: {name}"


@cache
def trees() -> dict[Path, ast.AST]:
    return {path: ast.parse(path.read_text()) for path in FILES if path.suffix == ".py"}


def functions_and_classes(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node.lineno


def things(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """The names of classes, and the last word of a fixture's: what it is."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name):
                yield as_words(name).strip(), node.lineno
            case ast.FunctionDef(name=name) if any("fixture" in ast.unparse(d) for d in node.decorator_list):
                yield as_words(name).split()[-1], node.lineno


def bound_names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Variables, parameters, fields and attributes."""
    for node in ast.walk(tree):
        match node:
            case (
                ast.Name(id=name, ctx=ast.Store())
                | ast.Attribute(attr=name, ctx=ast.Store())
                | ast.arg(arg=name)
            ):
                yield name, node.lineno


@pytest.mark.parametrize("word", WORDS)
def test_no_file_function_or_class_is_called_by_a_word_that_was_given_up(word):
    pattern = given_up(word)
    names = [relative(path) for path in FILES if pattern.search(as_words(path.stem))]
    names += [where for name, where in in_sources(functions_and_classes) if pattern.search(as_words(name))]
    assert names == [], WORDS[word]


def test_variables_say_what_they_hold():
    names = [where for name, where in in_sources(bound_names) if name in VARIABLES or ARTICLE.match(name)]
    assert names == []


def test_fixtures_and_classes_say_what_they_are():
    names = [where for name, where in in_sources(things) if name in VARIABLES]
    assert names == []
