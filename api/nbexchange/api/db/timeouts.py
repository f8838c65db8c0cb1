"""How long a connection to PostgreSQL waits for the server, also for one that has stopped to answer.

The server bounds its own work (`statement_timeout`), but a server that hangs bounds nothing, and libpq waits for it
without end. psycopg2 lets a callback do the waiting.
"""

from __future__ import annotations

import select
import time
from math import inf
from typing import Any

from psycopg2 import OperationalError, extensions

from nbexchange.shared.deadlines import seconds_left

GRACE = 0.5
"""Seconds that the server has more than its own limit, to say that it was reached."""


class TimedConnection(extensions.connection):  # type: ignore[misc]  # psycopg2 ships no types
    """A connection that gives up, and is closed, when the server does not answer for `seconds`, or in time."""

    seconds: float


def make_connection_class(seconds: float) -> type[TimedConnection]:
    """What to give psycopg2 as `connection_factory`; its connecting is bounded as well."""
    extensions.set_wait_callback(_wait)
    return type("TimedConnection", (TimedConnection,), {"seconds": seconds})


def server_options(seconds: float) -> str:
    """The options of a session whose statements, waits for locks included, and idle transactions end in time."""
    milliseconds = int(1000 * seconds)
    return f"-c statement_timeout={milliseconds} -c idle_in_transaction_session_timeout={10 * milliseconds}"


def _wait(connection: Any) -> None:
    """Wait until psycopg2 can go on, or raise, whereupon it closes the connection.

    Connections of any other class wait until the deadline of the thread's work alone, if that has one.
    """
    seconds = getattr(connection, "seconds", inf) + GRACE
    end = time.monotonic() + min(seconds, seconds_left())
    poll = select.poll()
    while (state := connection.poll()) != extensions.POLL_OK:
        poll.register(connection.fileno(), select.POLLIN if state == extensions.POLL_READ else select.POLLOUT)
        left = None if end == inf else 1000 * max(0, end - time.monotonic())
        if not poll.poll(left):
            raise OperationalError("the database server does not answer")
