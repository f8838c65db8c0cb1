"""A start waits for a database that comes up: after a power cut, or in a cluster, nobody starts things in order."""

from __future__ import annotations

import logging
import time
from time import sleep

from sqlalchemy.exc import OperationalError

from nbexchange.api.db.engine import Database

log = logging.getLogger("nbexchange")

PAUSE = 1.0
"""Seconds between two tries."""

PASSING = ("the database system is", "too many", "remaining connection slots")
"""What a server that is there says for a while: that it starts, recovers or shuts down, or is full."""


def wait_for_database(database: Database, patience: float) -> None:
    """Return when the database takes connections; raises what it said last when `patience` seconds are over.

    What waiting does not mend is raised at once.
    """
    end = time.monotonic() + patience
    is_told = False
    while True:
        try:
            with database.engine.connect():
                return
        except OperationalError as error:
            if not may_pass(error) or time.monotonic() >= end:
                raise
            if not is_told:
                said = " ".join(str(error.orig).split())
                log.warning("waiting up to %g seconds for the database: %s", patience, said)
            is_told = True
        sleep(PAUSE)


def may_pass(error: OperationalError) -> bool:
    """Whether nobody answered yet. A server that is there and refuses says FATAL, in every language."""
    text = str(error.orig)
    return "FATAL" not in text or any(words in text for words in PASSING)
