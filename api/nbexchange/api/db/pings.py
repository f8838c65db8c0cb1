"""Connections of the pool are tried before they are used again, unless they were used a moment ago."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

IDLE = 5.0
"""Seconds without use after which a connection is tried. What breaks sooner is found by a request, which fails."""

USED_AT = "nbexchange_used_at"


def ping_idle(engine: Engine) -> None:
    """Have the engine's pool replace what the server, or something between, has ended meanwhile.

    `pool_pre_ping` would cost each transaction one more round trip.
    """

    @event.listens_for(engine, "checkin")
    def note_use(_connection: object, record: Any) -> None:
        record.info[USED_AT] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def ping(connection: Any, record: Any, _proxy: object) -> None:
        if time.monotonic() - record.info.get(USED_AT, time.monotonic()) < IDLE:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.dbapi.Error as error:  # type: ignore[union-attr]  # there is one
            raise DisconnectionError(str(error)) from None  # the pool connects anew
