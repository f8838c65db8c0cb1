"""The benchmarks still run and print their figures; what the figures are, no test says."""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from support.people.lists import LISTS

from benchmarks import data
from benchmarks.__main__ import BENCHMARKS, figures
from benchmarks.report import BEGIN, END, replace_figures
from benchmarks.sizes import SMALLEST

DOCUMENT = Path(__file__).parents[2] / "docs" / "benchmarks.md"
FIGURE = re.compile(r"-?[0-9][0-9 .]*")

ROWS = {
    "calls": 8,
    "identities": 5 + 2,
    "layers": 4,
    "signing": 3,
    "statements": 13,
    "memory": 4,
    "lists": 2 * 3,
    "scale": 2 * (len(LISTS) + 1),
    "slow callers": 4,
    "carrying": 3 + 1 + 2,
    "starting": 6,
}
"""Figures of each benchmark, a row each, on one store."""

STORE = {"memory": "local"}
"""The store of those that are not run on S3 here; by hand they are run on both."""

ON_A_HUB = {"waiting"}
"""Run by tests/hub, on the hub that is there."""


@pytest.fixture
def folder():
    """Outside of pytest's own, which a PostgreSQL that root starts would open to everybody."""
    path = Path(tempfile.mkdtemp(prefix="nbexchange-benchmarks-test-"))
    yield path
    shutil.rmtree(path)


def rows_of(text: str) -> list[list[str]]:
    """The cells of all rows with figures."""
    lines = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| ---")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [
        row
        for row in cells
        if not row[0].endswith(
            ("call", "calls", "way", "when", "store", "store, s", "meanwhile", "list", "command")
        )
    ]


@pytest.mark.parametrize("name", sorted(BENCHMARKS.keys() - ON_A_HUB))
def test_a_benchmark_prints_every_figure_and_leaves_nothing_behind(name, folder):
    sizes = replace(SMALLEST, stores=(STORE.get(name, "s3"),))
    text = "".join(figures({name: BENCHMARKS[name]}, sizes, folder))
    rows = rows_of(text)
    assert len(rows) == ROWS[name]
    assert all(FIGURE.fullmatch(cell) for row in rows for cell in row[1:]), text
    assert list(folder.iterdir()) == []
    if name == "statements":
        assert all(int(often) - int(once) in {0, 1} for _, once, often, _ in rows), text


@pytest.mark.parametrize("kind", data.KINDS)
def test_a_tree_has_the_bytes_that_are_told(kind, tmp_path):
    size = data.write_tree(tmp_path / "ps1", kind, SMALLEST)
    assert size == sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())


def test_figures_take_the_place_of_the_older_ones_and_leave_the_rest_of_the_page(tmp_path):
    page = tmp_path / "benchmarks.md"
    shutil.copy(DOCUMENT, page)
    before, after = DOCUMENT.read_text().split(BEGIN)[0], DOCUMENT.read_text().split(END)[1]
    for part in ("older", "newer"):
        replace_figures(page, [part])
        assert page.read_text() == f"{before}{BEGIN}\n\n{part}\n{END}{after}"
