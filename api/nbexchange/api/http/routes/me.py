"""Who the caller is to the service."""

from __future__ import annotations

from nbexchange import protocol
from nbexchange.api.access.permissions import CALLER
from nbexchange.api.http.current import context
from nbexchange.api.http.operations import Operations
from nbexchange.api.wire import me as answers

operations = Operations()


@operations.add("GET", "/me", requires=CALLER, answer=protocol.Me)
def me() -> protocol.Me:
    """Say who the caller is here: organisation, courses and roles, limits, quotas, and the server's time."""
    here = context()
    return answers.me(here, here.runtime.database.recent_clock())
