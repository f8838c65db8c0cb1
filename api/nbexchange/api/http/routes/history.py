"""The audit log."""

from __future__ import annotations

from nbexchange import protocol
from nbexchange.api.access.permissions import LOG_READER
from nbexchange.api.audit import history
from nbexchange.api.http.current import context
from nbexchange.api.http.operations import Operations
from nbexchange.api.problems import NotFound
from nbexchange.api.wire import history as answers
from nbexchange.api.wire.cursors import decode_cursor

operations = Operations()


@operations.add(
    "GET",
    "/history",
    requires=LOG_READER,
    query=protocol.HistoryQuery,
    answer=protocol.History,
    problems=(NotFound,),
)
def list_history(query: protocol.HistoryQuery) -> protocol.History:
    """List what was done, newest first, page by page."""
    cursor = decode_cursor(query.cursor, 1)
    page, has_more = history.list_history(context(), query, cursor[0] if cursor else None)
    return answers.history(context().caller, page, has_more)
