"""The seconds that the tests may take, and those that they took.

    python -m support.suite.seconds SECONDS

says how the seconds that `.ci/run` took compare with what it may take.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import PurePath

import pytest

BUDGET = {
    "tests/unit": 40,
    "tests/contract": 25,
    "tests/integration": 260,
    "tests/integration/plugin": 130,
    "tests/faults": 185,
    "tests/e2e": 180,
    "tests/hub": 190,
    "tests/upstream": 35,
    "tests/benchmarks": 80,
}
"""Seconds of a folder's tests, added up over the three processes that run side by side on two processors.

Together they are three times the suite's, and a little: who needs more somewhere saves it elsewhere.
"""
SUITE_BUDGET = 360
"""Seconds from the first test to the last."""
CI_BUDGET = 600
"""Seconds of `.ci/run`, which also installs and checks."""

began = time.monotonic()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it where more than one folder was tested; too much fails nothing, since machines are noisy."""
    reports = [report for group in terminalreporter.stats.values() for report in group]
    spent: Counter[str] = Counter()
    for report in reports:
        if isinstance(report, pytest.TestReport):
            spent[folder_of(report.nodeid)] += report.duration
    if len(spent) < 2:
        return
    terminalreporter.section("seconds by folder, and their budget")
    for folder, seconds in sorted(spent.items()):
        terminalreporter.line(line(folder, seconds, BUDGET.get(folder, 0)))
    terminalreporter.line(line("from begin to end", time.monotonic() - began, SUITE_BUDGET))


def folder_of(nodeid: str) -> str:
    """The nearest folder above a test that has a budget, or the test's own."""
    folders = [str(folder) for folder in PurePath(nodeid.partition("::")[0]).parents]
    return next((folder for folder in folders if folder in BUDGET), folders[0])


def line(what: str, seconds: float, budget: int) -> str:
    loudly = "   <<< ABOVE ITS BUDGET" if seconds > budget else ""
    return f"{what:26}{seconds:6.0f} of {budget:4}{loudly}"


if __name__ == "__main__":
    print(line(".ci/run", float(sys.argv[1]), CI_BUDGET))
