"""Malformed HTTP, sent over a socket to the service as operators run it."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from support.people.callers import SERVICE
from support.people.commands import new_token

from nbexchange.demo import servers

CHUNKED = "Transfer-Encoding: chunked"
MESSAGES = {
    "a chunk without a size": (CHUNKED, b"ZZ\r\n{}\r\n"),
    "a size below nothing": (CHUNKED, b"-2\r\n{}\r\n"),
    "a chunk without an end": (CHUNKED, b"2\r\n{}XX"),
    "a malformed trailer": (CHUNKED, b"2\r\n{}\r\n0\r\nbad\r\n\r\n"),
    "a malformed length": ("Content-Length: +2", b"{}"),
    "a length of many digits": (f"Content-Length: {'9' * 5000}", b"{}"),
    "a malformed header": ("Content-Length: 2\r\nbad", b"{}"),
}


def send(service, token, header, body):
    """What the service answers to a message, by its first line, which begins with the status."""
    address = urlsplit(service.url)
    lines = [
        f"POST {SERVICE}v1/downloads HTTP/1.1",
        "Host: exchange",
        f"Authorization: token {token}",
        "Content-Type: application/json",
        header,
    ]
    with socket.create_connection((address.hostname, address.port), timeout=60) as wire:
        wire.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        return wire.recv(65536).partition(b"\r\n")[0].lower()


def test_a_message_that_is_none_is_a_400_and_no_defect(tmp_path):
    token = new_token(tmp_path, "teacher", "cs1:instructor")
    with servers.service(tmp_path, {}) as service:
        told = {what: send(service, token, *message) for what, message in MESSAGES.items()}
        assert told == dict.fromkeys(MESSAGES, b"http/1.1 400 bad request")
        log = service.log.read_text()
        assert "a defect" not in log
        assert "Traceback" not in log
