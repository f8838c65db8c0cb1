"""The messages: complete, documented, in two sentences, and the only source of what people are told."""

from __future__ import annotations

import ast
import re
import string
from functools import cache
from pathlib import Path

import pytest

from nbexchange.api import problems
from nbexchange.api.wire.problems import ROUTING_TYPES
from nbexchange.plugin import failures, messages
from nbexchange.plugin.advice import ADVICE
from nbexchange.plugin.failures import ServiceRefused
from nbexchange.plugin.messages import MESSAGES, say
from nbexchange.protocol import Problem

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "plugin/nbexchange/plugin"


@cache
def sources():
    return {
        str(path.relative_to(PLUGIN)): ast.parse(path.read_text()) for path in sorted(PLUGIN.rglob("*.py"))
    }


def documented(width):
    """The rows of the page's tables that have so many cells."""
    rows = re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", (ROOT / "docs/messages.md").read_text(), re.MULTILINE)
    cells = [(code, *rest.split(" | ")) for code, rest in rows]
    return {row for row in cells if len(row) == width}


def test_the_page_has_every_message_as_the_code_has_it():
    assert documented(3) == {(code, *message) for code, message in MESSAGES.items()}


def test_the_page_has_what_to_do_about_every_problem_of_the_service():
    assert documented(2) == set(ADVICE.items())


def test_there_is_advice_for_every_problem_that_the_service_can_answer_and_for_no_other():
    kinds = [kind for kind in vars(problems).values() if isinstance(kind, type)]
    types = {t for kind in kinds if issubclass(kind, problems.ExchangeProblem) for t in kind.types()}
    assert set(ADVICE) == types | set(ROUTING_TYPES.values())


def fields(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", MESSAGES)
def test_a_message_is_one_sentence_that_says_what_happened_and_then_what_to_do(code):
    values = dict.fromkeys(fields(MESSAGES[code].happened), 1)
    assert re.fullmatch(r"\S.*\. [A-Z].*\.", say(code, **values))
    assert not fields(MESSAGES[code].advice)


@pytest.mark.parametrize("kind", ADVICE)
def test_a_problem_of_the_service_is_told_with_what_to_do_and_the_request(kind):
    problem = Problem(kind, "Title", 400, "This happened.", "abc")
    assert str(ServiceRefused(problem)) == f"This happened. {ADVICE[kind]} (request abc)"


def test_a_problem_of_a_newer_service_is_told_all_the_same():
    text = messages.explain(Problem("brand-new", "Title", 400, "This happened.", "abc"))
    assert text == f"This happened. {messages.AGAIN}"


def calls(tree, names):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if name in names:
                yield node


def test_every_message_is_used():
    written = {
        node.value
        for name, tree in sources().items()
        if name not in {"messages.py", "local_messages.py", "advice.py"}
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert set(MESSAGES) <= written


def test_no_failure_has_a_text_of_its_own():
    kinds = {
        name
        for name, kind in vars(failures).items()
        if isinstance(kind, type) and issubclass(kind, failures.TransferFailed)
    } - {"ArchiveRefused"}  # half a sentence, for its message
    own = [
        f"{name}:{call.lineno}"
        for name, tree in sources().items()
        for call in calls(tree, kinds)
        if call.args and isinstance(call.args[0], ast.Constant | ast.JoinedStr)
    ]
    assert own == []
