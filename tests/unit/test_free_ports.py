"""The ports on which the servers of the demo and of the tests listen."""

from __future__ import annotations

import errno
import socket
import sys

import pytest

from nbexchange.demo.servers import free_port


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a server listen on a port that is held")
def test_a_free_port_is_held_for_its_server_and_given_to_nobody_else():
    port = free_port()
    with socket.socket() as other, pytest.raises(OSError) as refused:
        other.bind(("127.0.0.1", port))
    assert refused.value.errno == errno.EADDRINUSE
    with socket.create_server(("127.0.0.1", port)):
        socket.create_connection(("127.0.0.1", port), timeout=10).close()
