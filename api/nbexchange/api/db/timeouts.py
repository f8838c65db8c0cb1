"""How long a connection to PostgreSQL waits for the server, also for one that has stopped to answer.

The server bounds its own work (`statement_timeout`), but a server that hangs bounds nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from math import ceil, inf
from typing import Any, Self

from psycopg import Connection, OperationalError

from nbexchange.shared.deadlines import seconds_left

GRACE = 0.5
"""Seconds that the server has more than its own limit, to say that it was reached."""

INTERVAL = 0.1
"""Seconds after which psycopg looks for an interruption, such as Ctrl-C, while it waits."""


class TimedConnection(Connection[Any]):
    """A connection that gives up, and is closed, when the server does not answer for `seconds`, or in time."""

    seconds: float = inf

    @classmethod
    def make(cls, seconds: float, *arguments: Any, **options: Any) -> Self:
        """Connect within `seconds`, and in time, as far as whole seconds can say it."""
        limit = ceil(min(seconds, seconds_left()))
        connection = cls.connect(*arguments, **{"connect_timeout": limit, **options})
        connection.seconds = seconds
        return connection

    def wait(self, gen: Any, interval: float = INTERVAL, timeout: float | None = None) -> Any:
        end = time.monotonic() + min(
            self.seconds + GRACE, seconds_left(), inf if timeout is None else timeout
        )
        try:
            return super().wait(gen, interval, None if end == inf else max(0.0, end - time.monotonic()))
        except OperationalError:
            if time.monotonic() < end:
                raise
            self.pgconn.finish()  # what the server answers later is for nobody
            raise OperationalError("the database server does not answer") from None


def connector(seconds: float) -> Callable[..., TimedConnection]:
    """For SQLAlchemy's event `do_connect`."""

    def connect(_dialect: object, _record: object, arguments: Any, options: Any) -> TimedConnection:
        return TimedConnection.make(seconds, *arguments, **options)

    return connect


def server_options(seconds: float) -> str:
    """The options of a session whose statements, waits for locks included, and idle transactions end in time."""
    milliseconds = int(1000 * seconds)
    return f"-c statement_timeout={milliseconds} -c idle_in_transaction_session_timeout={10 * milliseconds}"
