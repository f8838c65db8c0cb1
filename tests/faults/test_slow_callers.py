"""Callers who send slowly, send nothing or read nothing, more of them than the service has threads."""

from __future__ import annotations

import hashlib
import json
import select
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
import requests
from support.faults.load import until
from support.faults.wires import dial, head, instructor, received
from support.people.callers import ASSIGNMENT, COURSE, SERVICE, archive_item, outcome

from nbexchange.api.http.connections import MAX_WAITING
from nbexchange.api.http.gateway import MAX_HELD, MAX_READING
from nbexchange.api.http.messages import MAX_BODY
from nbexchange.demo import servers

pytestmark = pytest.mark.xdist_group("slow callers")  # of one service

THREADS = 2
CALLERS = 20
LARGE = 32 << 20
"""More bytes than the system takes off the service's hands."""

SETTINGS = {"NBEXCHANGE_WORKERS": "1", "NBEXCHANGE_THREADS": str(THREADS), "NBEXCHANGE_CALLER_TIMEOUT": "0.5"}
PATIENT = {**SETTINGS, "NBEXCHANGE_CALLER_TIMEOUT": "60"}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with servers.service(tmp_path_factory.mktemp("slow"), SETTINGS) as running:
        yield running


@pytest.fixture(scope="module")
def teacher(service):
    return instructor(service)


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


def begin_upload(teacher):
    """What it takes to send an object to the local store: a signed URL."""
    item = archive_item(ENDLESS, force=True)
    (granted,) = teacher.begin("release", item)
    return head("PUT", SERVICE + granted["url"], granted["headers"])


def begin_call(teacher):
    body = {"kind": "release", "course_id": COURSE, "assignment_id": ASSIGNMENT, "items": []}
    length = len(json.dumps(body)) + len(ENDLESS)
    headers = {"Content-Type": "application/json", "Content-Length": length}
    return headers | {"Authorization": f"token {teacher.token}"}


ENDLESS = b" " * 1000

SLOW = {
    "the head": lambda _: (b"", head("GET", f"{SERVICE}v1/me", {"X-Long": "x" * 1000})),
    "a body, known": lambda teacher: (head("POST", f"{SERVICE}v1/uploads", begin_call(teacher)), ENDLESS),
    "a body, unknown": lambda _: (
        head("POST", f"{SERVICE}v1/uploads", {"Content-Length": len(ENDLESS)}),
        ENDLESS,
    ),
    "an object": lambda teacher: (begin_upload(teacher), ENDLESS),
}


@pytest.mark.parametrize("what", SLOW)
def test_callers_who_send_slowly_are_hung_up_on_and_others_are_answered(service, teacher, what):
    plans = [SLOW[what](teacher) for _ in range(CALLERS)]
    with ThreadPoolExecutor(CALLERS) as pool:
        callers = [pool.submit(drip, service, *plan) for plan in plans]
        while not all(caller.done() for caller in callers):
            assert teacher.get("me").status_code == 200
        told = [caller.result() for caller in callers]
    assert {text.partition(b"\r\n")[0] for text in told} <= {b"", b"HTTP/1.1 408 Request Timeout"}
    assert "Traceback" not in service.log.read_text()


def test_connections_without_a_request_are_closed_and_hold_up_nobody(service, teacher, lines):
    wires = [lines.enter_context(dial(service)) for _ in range(200)]
    assert teacher.get("me").status_code == 200
    for wire in wires:
        wire.settimeout(20)
        assert received(wire) == b""


def test_a_caller_who_begins_and_says_nothing_more_is_told_and_leaves_nothing(service, teacher, lines):
    begun = [begin_upload(teacher) for _ in range(CALLERS)]
    wires = []
    for request in begun:
        wires.append(lines.enter_context(dial(service)))
        wires[-1].sendall(request)
    assert teacher.get("me").status_code == 200
    with ThreadPoolExecutor(CALLERS) as pool:
        assert all(b"request-incomplete" in told for told in pool.map(received, wires))
    assert drafts(service) == set()


def test_callers_who_ask_and_read_nothing_are_hung_up_on(service, teacher, lines):
    body = bytes(LARGE)
    record = teacher.release(body, force=True)
    granted = teacher.request("release", record["id"])
    wires = [lines.enter_context(dial(service)) for _ in range(CALLERS)]
    for wire in wires:
        wire.sendall(head("GET", SERVICE + granted["url"], {"Connection": "close"}))
    assert teacher.get("me").status_code == 200
    until(lambda: not callers_of(service, wires), "the connections to be ended")
    assert hashlib.sha256(teacher.download("release", record["id"])).digest() == hashlib.sha256(body).digest()
    assert "Traceback" not in service.log.read_text()


def callers_of(service, wires):
    """Which of these connections the service still has. One that it ended tells its other side nothing."""
    ours = {wire.getsockname()[1] for wire in wires}
    workers = psutil.Process(service.server.pid).children()
    theirs = [connection.raddr for worker in workers for connection in worker.net_connections("tcp")]
    return ours & {address.port for address in theirs if address}


def drafts(service):
    """What is on its way into the store, but for what is being taken away."""
    folder = service.log.parent / "data" / "store" / "incoming"
    return {draft.name for draft in folder.iterdir() if not draft.name.startswith("ended-")}


# --- with more patience --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def patient(tmp_path_factory):
    with servers.service(tmp_path_factory.mktemp("patient"), PATIENT) as running:
        yield running


@pytest.mark.parametrize(
    ("begun", "many"),
    [
        pytest.param(b"", MAX_WAITING, id="no head"),
        pytest.param(head("POST", f"{SERVICE}v1/uploads", {"Content-Length": 9}), MAX_READING, id="no body"),
        pytest.param(
            head("POST", f"{SERVICE}v1/uploads", {"Content-Length": MAX_BODY}) + bytes(MAX_BODY - 1),
            MAX_HELD // MAX_BODY + 1,
            id="no end",
        ),
    ],
)
def test_of_too_many_who_are_waited_for_the_first_has_to_go(patient, begun, many, lines):
    first = lines.enter_context(dial(patient))
    first.sendall(begun)
    others = [lines.enter_context(dial(patient)) for _ in range(many)]
    for wire in others:
        wire.sendall(begun)
    assert received(first) == b""
    assert requests.get(f"{patient.url}/healthz", timeout=20).status_code == 200
    assert not select.select(others[1:], [], [], 0)[0]


def test_a_url_that_is_used_many_times_at_once_takes_the_place_of_one_transfer(patient, lines):
    teacher = instructor(patient)
    body = bytes(1 << 20)
    item = archive_item(body)
    (granted,) = teacher.begin("release", item)
    request = head("PUT", SERVICE + granted["url"], granted["headers"])
    wires = []
    for _ in range(CALLERS):
        wires.append(lines.enter_context(dial(patient)))
        before = drafts(patient)
        wires[-1].sendall(request + body[: len(body) // 2])
        until(lambda seen=before: len(now := drafts(patient)) == 1 and now != seen, "a newer draft")
    *older, newest = wires
    newest.sendall(body[len(body) // 2 :])
    assert newest.recv(12) == b"HTTP/1.1 200"
    for wire in older:
        wire.sendall(body[len(body) // 2 :])
        assert wire.recv(12) in {b"HTTP/1.1 409", b"HTTP/1.1 412"}
    assert outcome(teacher.complete(item)) == "completed"


def test_a_service_that_is_told_to_stop_ends_what_is_under_way_and_waits_for_nobody_else(patient):
    teacher = instructor(patient)
    body = bytes(1 << 20)
    (granted,) = teacher.begin("release", archive_item(body, force=True))
    with dial(patient) as idle, dial(patient) as wire:
        idle.sendall(head("GET", "/healthz", {}))
        assert idle.recv(12) == b"HTTP/1.1 200"
        wire.sendall(head("PUT", SERVICE + granted["url"], granted["headers"]) + body[:1000])
        until(lambda: drafts(patient), "the transfer")
        patient.server.terminate()
        assert idle.recv(1 << 20) is not None
        wire.sendall(body[1000:])
        assert wire.recv(12) == b"HTTP/1.1 200"
    assert patient.server.wait(20) == 0
