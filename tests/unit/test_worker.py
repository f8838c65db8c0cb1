"""How long a thread waits for a caller."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from nbexchange.api.http import worker
from nbexchange.api.http.worker import MIN_RATE, CallerSocket


class Wire:
    """A caller and the service's end of the line, where each reception takes `delay` seconds."""

    def __init__(self, delay):
        self.caller, accepted = socket.socketpair()
        self.service = CallerSocket(accepted, budget=10)
        self.service.setblocking(True)
        self.now, self.delay = 0.0, delay

    def monotonic(self):
        self.now += self.delay / 2
        return self.now

    def receive(self, count):
        self.caller.sendall(b"x" * count)
        return len(self.service.recv(count))


@pytest.fixture
def line(monkeypatch):
    lines = []

    def make(delay):
        wire = Wire(2 * delay)
        monkeypatch.setattr(worker.time, "monotonic", wire.monotonic)
        lines.append(wire)
        return wire

    yield make
    for wire in lines:
        wire.caller.close()
        wire.service.close()


def test_a_head_has_its_budget_in_all_however_much_of_it_comes(line):
    wire = line(delay=3)
    wire.service.expect()
    assert [wire.receive(5000) for _ in range(5)] == [5000, 5000, 5000, 5000, 0]
    assert wire.service.gave_up


def test_a_body_that_comes_fast_enough_may_take_as_long_as_it_needs(line):
    wire = line(delay=3)
    wire.service.expect(rate=MIN_RATE)
    assert {wire.receive(3 * MIN_RATE) for _ in range(100)} == {3 * MIN_RATE}


def test_a_body_that_comes_more_slowly_uses_the_budget_up(line):
    wire = line(delay=3)
    wire.service.expect(rate=MIN_RATE)
    received = [wire.receive(MIN_RATE) for _ in range(10)]
    assert received == [MIN_RATE] * 5 + [0] * 5


def test_haste_earns_no_more_than_the_whole_budget(line):
    wire = line(delay=0)
    wire.service.expect(rate=MIN_RATE)
    for _ in range(10):
        wire.receive(60 * MIN_RATE)
    wire.delay = 2 * 3
    assert [wire.receive(1) for _ in range(6)] == [1, 1, 1, 1, 0, 0]


def test_the_next_request_is_waited_for_anew(line):
    wire = line(delay=11)
    wire.receive(1)
    assert wire.service.gave_up
    wire.service.expect()
    assert wire.receive(1) == 1


def test_one_who_says_nothing_is_like_one_who_hung_up():
    caller, accepted = socket.socketpair()
    with caller, CallerSocket(accepted, budget=0.05) as service:
        service.setblocking(True)
        assert service.recv(1) == b""
        assert service.gave_up


def test_one_who_reads_nothing_is_like_one_who_hung_up():
    caller, accepted = socket.socketpair()
    with caller, CallerSocket(accepted, budget=0.05) as service:
        service.setblocking(True)
        with pytest.raises(BrokenPipeError):
            service.sendall(bytes(64 << 20))


@pytest.mark.parametrize("way", ["sendall", "sendfile"])
def test_one_who_reads_slowly_is_served_to_the_end(tmp_path, way):
    """The system takes more only when a third of megabytes is gone: longer than anybody is waited for at once."""
    content = tmp_path / "content"
    content.write_bytes(bytes(8 << 20))
    with socket.create_server(("127.0.0.1", 0)) as server:
        caller = socket.create_connection(server.getsockname())
        accepted, _ = server.accept()
    with (
        ThreadPoolExecutor(1) as pool,
        caller,
        CallerSocket(accepted, budget=0.4) as service,
        content.open("rb") as file,
    ):
        service.setblocking(True)
        reading = pool.submit(read_slowly, caller)
        sent = service.sendfile(file) if way == "sendfile" else service.sendall(file.read())
        service.shutdown(socket.SHUT_WR)
        assert reading.result() == 8 << 20
        assert sent in {None, 8 << 20}


def read_slowly(caller):
    """Half a megabyte a second, for the first one and a half of them."""
    count = 0
    while piece := caller.recv(25_000):
        count += len(piece)
        if count < 1_500_000:
            time.sleep(0.05)
    return count
