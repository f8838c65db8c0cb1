"""Callers who send or hold more than the service can keep for all of them."""

from __future__ import annotations

import re
import threading

import psutil
import pytest
from support.faults.wires import dial, head, instructor, received
from support.people.callers import SERVICE
from support.servers.memory import peak

from nbexchange.api.http.connections import FREE_CHUNKS, MAX_HEAD, MAX_WAITING
from nbexchange.api.http.gateway import MAX_SENDING
from nbexchange.demo import servers

pytestmark = pytest.mark.xdist_group("held connections")  # of one service

SETTINGS = {"NBEXCHANGE_WORKERS": "1", "NBEXCHANGE_CALLER_TIMEOUT": "60"}
PROBE = head("GET", "/healthz", {})
LAST = head("GET", "/healthz", {"Connection": "close"})
FIELDS = {f"X-{number}": "x" * 8000 for number in range(1 + MAX_HEAD // 8000)}
LARGE = 8 << 20
"""More bytes than the system takes off the service's hands."""


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with servers.service(tmp_path_factory.mktemp("held"), SETTINGS) as running:
        yield running


def answers_to(service, request):
    """The first lines of what the service answers before it hangs up."""
    with dial(service) as wire:
        wire.sendall(request)
        return re.findall(rb"HTTP/1\.1 [^\r]+", received(wire))


@pytest.mark.parametrize("before", [b"", PROBE], ids=["first", "behind another"])
@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (
            head("GET", "/healthz", FIELDS).removesuffix(b"\r\n"),
            b"HTTP/1.1 431 Request Header Fields Too Large",
        ),
        (head("POST", "/healthz", {"Content-Length": 5000 * "9"}), b"HTTP/1.1 400 Bad Request"),
    ],
    ids=["a long head", "a long number"],
)
def test_a_head_that_cannot_be_read_is_refused_also_behind_another_request(service, before, request_, told):
    assert answers_to(service, before + request_) == [b"HTTP/1.1 200 OK"] * bool(before) + [told]
    assert "Traceback" not in service.log.read_text()


@pytest.mark.parametrize(
    ("chunks", "told"), [(FREE_CHUNKS, b"401 Unauthorized"), (FREE_CHUNKS + 50, b"400 Bad Request")]
)
def test_a_body_may_come_in_chunks_but_not_in_a_great_many_of_a_byte(service, chunks, told):
    headers = {"Transfer-Encoding": "chunked", "Connection": "close"}
    request = head("POST", f"{SERVICE}v1/uploads", headers) + chunks * b"1\r\n \r\n" + b"0\r\n\r\n"
    assert answers_to(service, request) == [b"HTTP/1.1 " + told]


def test_requests_that_are_sent_ahead_are_not_read_before_there_is_room_for_them(service):
    (worker,) = psutil.Process(service.server.pid).children()
    request = head("GET", "/healthz", dict(list(FIELDS.items())[:6]))
    with dial(service) as wire:
        sending = threading.Thread(target=wire.sendall, args=(800 * request + LAST,))
        wire.sendall(request)
        before = peak(worker.pid)
        sending.start()
        assert received(wire).count(b"HTTP/1.1 200 OK") == 802
        sending.join()
    assert peak(worker.pid) - before < 15 << 20  # of 40 MB


def test_of_too_many_connections_that_are_kept_for_another_request_the_first_has_to_go(service, lines):
    wires = []
    for _ in range(MAX_WAITING + 1):
        wires.append(lines.enter_context(dial(service)))
        wires[-1].sendall(PROBE)
        assert wires[-1].recv(12) == b"HTTP/1.1 200"
    wires[0].settimeout(20)
    assert received(wires[0]).endswith(b"}")
    wires[-1].sendall(LAST)
    assert received(wires[-1]).count(b"HTTP/1.1 200 OK") == 1


def test_of_too_many_answers_that_nobody_reads_the_one_that_waits_for_longest_ends(service, lines):
    teacher = instructor(service)
    granted = teacher.request("release", teacher.release(bytes(LARGE))["id"])
    wires = [lines.enter_context(dial(service)) for _ in range(MAX_SENDING + 1)]
    for wire in wires:
        wire.sendall(head("GET", SERVICE + granted["url"], {"Connection": "close"}))
        assert wire.recv(12) == b"HTTP/1.1 200"
    assert len(received(wires[0])) < LARGE
    assert len(received(wires[-1])) > LARGE
