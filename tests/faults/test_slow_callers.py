"""Callers who send slowly, send nothing or read nothing, more of them than the service has threads."""

from __future__ import annotations

import hashlib
import json
import select
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
import requests
from support.people.callers import ASSIGNMENT, COURSE, SERVICE, Caller, archive_item
from support.people.http_clients import HttpClient

from nbexchange.api.auth.tokens import TokenFile
from nbexchange.demo import servers

pytestmark = pytest.mark.xdist_group("slow callers")  # of one service

THREADS = 2
CALLERS = THREADS + 1
LARGE = 32 << 20
"""More bytes than the system takes off the service's hands."""

SETTINGS = {"NBEXCHANGE_WORKERS": "1", "NBEXCHANGE_THREADS": str(THREADS), "NBEXCHANGE_CALLER_TIMEOUT": "0.5"}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with servers.service(tmp_path_factory.mktemp("slow"), SETTINGS) as running:
        yield running


@pytest.fixture(scope="module")
def teacher(service):
    tokens = TokenFile(service.log.parent / "data" / "tokens.json")
    user = {"name": "teacher", "courses": [{"course_id": COURSE, "course_role": "Instructor"}]}
    return Caller("teacher", HttpClient([service.url]), tokens.create(user))


def dial(service):
    address = urlsplit(service.url)
    return socket.create_connection((address.hostname, address.port), timeout=60)


def drip(service, at_once, slowly):
    """Send a part at once and the rest byte by byte; gives what the service says before it hangs up."""
    with dial(service) as wire:
        wire.sendall(at_once)
        try:
            for byte in slowly:
                if select.select([wire], [], [], 0.02)[0]:
                    break
                wire.sendall(bytes([byte]))
            return b"".join(iter(lambda: wire.recv(65536), b""))
        except ConnectionError:
            return b""


def head(method, path, headers):
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: exchange",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def begin_upload(teacher):
    """What it takes to send an object to the local store: a signed URL."""
    item = archive_item(ENDLESS, force=True)
    (granted,) = teacher.begin("release", item)
    return head("PUT", SERVICE + granted["url"], granted["headers"])


def begin_call(teacher):
    body = {"kind": "release", "course_id": COURSE, "assignment_id": ASSIGNMENT, "items": []}
    length = len(json.dumps(body)) + 100_000
    headers = {"Content-Type": "application/json", "Content-Length": length}
    return headers | {"Authorization": f"token {teacher.token}"}


ENDLESS = b" " * 100_000

SLOW = {
    "the head": lambda _: (b"", head("GET", f"{SERVICE}v1/me", {"X-Long": "x" * 100_000})),
    "a body, known": lambda teacher: (head("POST", f"{SERVICE}v1/uploads", begin_call(teacher)), ENDLESS),
    "a body, unknown": lambda _: (head("POST", f"{SERVICE}v1/uploads", {"Content-Length": 100_000}), ENDLESS),
    "an object": lambda teacher: (begin_upload(teacher), ENDLESS),
}


@pytest.mark.parametrize("what", SLOW)
def test_callers_who_send_slowly_are_hung_up_on_and_others_are_answered(service, teacher, what):
    plans = [SLOW[what](teacher) for _ in range(CALLERS)]
    with ThreadPoolExecutor(CALLERS) as pool:
        callers = [pool.submit(drip, service, *plan) for plan in plans]
        assert requests.get(f"{service.url}/healthz", timeout=60).status_code == 200
        told = [caller.result() for caller in callers]
    assert {text.partition(b"\r\n")[0] for text in told} <= {
        b"",
        b"HTTP/1.1 400 BAD REQUEST",
        b"HTTP/1.1 401 UNAUTHORIZED",
    }
    assert "Traceback" not in service.log.read_text()


def test_a_caller_who_begins_and_says_nothing_more_is_hung_up_on(service, teacher):
    wires = [dial(service) for _ in range(CALLERS)]
    for wire, (at_once, _) in zip(wires, [SLOW["an object"](teacher) for _ in wires], strict=True):
        wire.sendall(at_once)
    assert requests.get(f"{service.url}/healthz", timeout=60).status_code == 200
    with ThreadPoolExecutor(CALLERS) as pool:
        assert all(b"incomplete-body" in told for told in pool.map(received, wires))
    assert not list((service.log.parent / "data" / "store" / "incoming").iterdir())


def test_callers_who_ask_and_read_nothing_are_hung_up_on(service, teacher):
    body = bytes(LARGE)
    record = teacher.release(body, force=True)
    granted = teacher.request("release", record["id"])
    wires = [dial(service) for _ in range(CALLERS)]
    for wire in wires:
        wire.sendall(head("GET", SERVICE + granted["url"], {"Connection": "close"}))
    assert requests.get(f"{service.url}/healthz", timeout=60).status_code == 200
    with ThreadPoolExecutor(CALLERS) as pool:
        cut_off = [len(told) < LARGE for told in pool.map(received, wires)]
    assert sum(cut_off) >= THREADS  # the last ones may have been answered while we read
    assert hashlib.sha256(teacher.download("release", record["id"])).digest() == hashlib.sha256(body).digest()
    assert "Traceback" not in service.log.read_text()


def received(wire):
    content = bytearray()
    with wire, suppress(ConnectionError):
        while piece := wire.recv(1 << 20):
            content += piece
    return content
