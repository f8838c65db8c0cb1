"""How many processes run the tests side by side."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

MORE_THAN_PROCESSORS = 1
"""Many tests wait: for a server that starts, a client that is slow, a database."""


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """None beside this process where one file is named: to start them would take longer than most files."""
    named = [Path(argument.partition("::")[0]) for argument in config.args]
    if len(named) == 1 and named[0].is_file():
        return 0
    return (os.cpu_count() or 1) + MORE_THAN_PROCESSORS


def pytest_collection_finish() -> None:
    """Collect garbage less often: looking through what lives as long as this process was a seventh of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
