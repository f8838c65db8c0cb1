"""What gunicorn's connections do not do by themselves, where no caller can have it happen at will."""

from __future__ import annotations

from types import SimpleNamespace

from nbexchange.api.http.connections import Connection


def test_a_connection_that_its_caller_has_reset_is_closed_and_stops_no_process_from_ending():
    def write_eof():
        raise OSError(107, "Transport endpoint is not connected")

    closed = []
    connection = Connection.__new__(Connection)
    connection._closed = False
    connection.transport = SimpleNamespace(
        can_write_eof=lambda: True, write_eof=write_eof, close=lambda: closed.append(True)
    )
    connection._close_transport()
    assert closed
