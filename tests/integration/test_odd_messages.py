"""HTTP that is none, sent over a socket to the service as operators run it."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from support.people.callers import SERVICE
from support.people.commands import new_token

from nbexchange.demo import servers

CHUNKS = {
    "no size": b"ZZ\r\n{}\r\n",
    "a size below nothing": b"-2\r\n{}\r\n",
    "no end": b"2\r\n{}XX",
    "a trailer that is none": b"2\r\n{}\r\n0\r\nbad\r\n\r\n",
}


def send(service, token, chunks):
    address = urlsplit(service.url)
    lines = [
        f"POST {SERVICE}v1/downloads HTTP/1.1",
        "Host: exchange",
        f"Authorization: token {token}",
        "Content-Type: application/json",
        "Transfer-Encoding: chunked",
    ]
    with socket.create_connection((address.hostname, address.port), timeout=60) as wire:
        wire.sendall("\r\n".join([*lines, "", ""]).encode() + chunks)
        return wire.recv(65536).partition(b"\r\n")[0].lower()


def test_a_body_in_chunks_that_are_none_is_a_400_and_no_defect(tmp_path):
    token = new_token(tmp_path, "teacher", "cs1:instructor")
    with servers.service(tmp_path, {}) as service:
        told = {what: send(service, token, chunks) for what, chunks in CHUNKS.items()}
        assert set(told.values()) == {b"http/1.1 400 bad request"}
        assert "a defect" not in service.log.read_text()
