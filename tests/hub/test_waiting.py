"""`python -m benchmarks waiting` prints its figures; it has a hub of its own, which would take long to start here."""

import re

from benchmarks import waiting
from benchmarks.sizes import SMALLEST


def test_how_long_others_wait_is_told_for_both_extensions(external):
    table = waiting.table(external, SMALLEST)
    assert [way for way, *_ in table.rows] == list(waiting.WAYS)
    figures = [figure for _, *figures in table.rows for figure in figures]
    assert len(figures) == 2 * (len(table.head) - 1)
    assert all(re.fullmatch(r"[0-9][0-9 .]*", figure) for figure in figures), figures
