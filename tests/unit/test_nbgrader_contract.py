"""The table of what nbgrader asks of an exchange, held against the tests and against nbgrader."""

from __future__ import annotations

import tomllib

import pytest
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import abc
from nbgrader.exchange import default as nbgraders_own
from support.suite.named_tests import TESTS, missing

TABLE = tomllib.loads((TESTS / "integration" / "plugin" / "nbgrader_contract.toml").read_text())
STATEMENTS = [(part, entry) for part, entries in TABLE.items() for entry in entries]


def test_every_part_of_the_contract_is_in_the_table():
    actions = {"release", "fetch", "submit", "collect", "feedback", "list"}
    around = {"facts", "construction", "exchange", "callers", "around", "quirks"}
    assert set(TABLE) == actions | around


@pytest.mark.parametrize(
    ("part", "entry"), STATEMENTS, ids=[f"{part}-{n}" for n, (part, _) in enumerate(STATEMENTS)]
)
def test_every_statement_has_tests_that_exist_or_a_reason(part, entry):
    assert set(entry) - {"option"} in ({"says", "tests"}, {"says", "reason"}), entry["says"]
    assert entry.get("tests", [entry.get("reason")]), entry["says"]
    assert missing(entry.get("tests", [])) == []


def test_every_setting_of_a_course_is_in_the_table():
    settings = {f"CourseDirectory.{name}" for name in CourseDirectory.class_own_traits(config=True)}
    assert settings
    assert settings <= {entry.get("option") for _, entry in STATEMENTS}


@pytest.mark.parametrize("package", [abc, nbgraders_own])
def test_every_option_of_nbgraders_exchange_is_in_the_table(package):
    classes = [value for name, value in vars(package).items() if name.startswith("Exchange")]
    options = {
        f"{kind.__name__}.{name}"
        for kind in classes
        if hasattr(kind, "class_own_traits")
        for name in kind.class_own_traits(config=True)
    }
    assert options
    assert options <= {entry.get("option") for _, entry in STATEMENTS}
