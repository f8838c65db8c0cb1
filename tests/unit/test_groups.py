"""Tests of a group run in one process: some share what takes long to start."""

from __future__ import annotations

import os

import pytest


@pytest.mark.skipif(
    "PYTEST_XDIST_WORKER" not in os.environ, reason="there is one process: pytest -n 0, or one file"
)
@pytest.mark.xdist_group("a-group")
def test_the_mark_of_a_group_reaches_the_scheduler(request):
    """It goes by the end of a test's id, which pytest 9.2 no longer lets it change."""
    assert request.node.nodeid.endswith("@a-group")
