"""What a store can do: a protocol for each ability that the service asks for, and what is found out by trying.

A store that does not stream bytes through this process serves its own URLs, which are absolute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Protocol, Self, runtime_checkable


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request that a client may make once it has been handed over; it must send exactly these headers.

    It is good for `lifetime`, by the clock of the store that carries it out, which may be less than what was asked
    for: a URL dies with the temporary credentials that sign it.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    lifetime: timedelta


class SignsRequests(Protocol):
    """Allows single transfers by signed requests."""

    @property
    def public_url(self) -> str:
        """What signed URLs begin with, so that clients can find out whether they reach it. It grants nothing."""
        ...

    @property
    def wants_md5(self) -> bool:
        """Whether clients are to announce an MD5 as well, since the server enforces that and no SHA-256."""
        ...

    def sign_put(
        self, key: str, *, size: int, sha256: str, lifetime: timedelta, md5: str | None = None
    ) -> SignedRequest:
        """Allow one PUT of exactly these bytes to a key that does not exist yet.

        The digests are in hexadecimal digits. Without an MD5, the SHA-256 alone is signed.
        """
        ...

    def sign_get(self, key: str, *, filename: str, lifetime: timedelta) -> SignedRequest:
        """Allow a GET, answered as a download named `filename` (ASCII) and never as a page."""
        ...


class RequestRefused(Exception):
    """A signed request that the store does not carry out, with the HTTP status that S3 would answer."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code


class IncomingBody(Protocol):
    """The body of a signed PUT on its way into the store. Each method may be called in another thread."""

    def write(self, piece: bytes) -> None:
        """Add bytes; raises `RequestRefused` when the transfer has to end."""
        ...

    def finish(self) -> None:
        """Keep them as the object; raises `RequestRefused` unless all of them are as signed."""
        ...

    def close(self) -> None:
        """Keep nothing, unless it was finished. May be called more than once."""
        ...


@runtime_checkable
class StreamsBytes(Protocol):
    """Carries out its signed requests in this process: the service passes on those below `public_url`.

    `public_url` is relative to the service then, and ends with a slash.
    """

    @property
    def public_url(self) -> str: ...

    def begin(self, key: str, query: Mapping[str, str], headers: Mapping[str, str]) -> IncomingBody:
        """Begin a signed PUT; raises `RequestRefused` unless the request is as signed.

        The names of `headers` are in lower case.
        """
        ...

    def locate(self, key: str, query: Mapping[str, str]) -> tuple[Path | BytesIO, str]:
        """The bytes that a signed GET asks for and the name to send them under; raises `RequestRefused`."""
        ...


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What this store does beyond keeping bytes, found out by trying."""

    refuses_unsigned_requests: bool
    """Without a signature, or with another algorithm than the one that is verified."""
    refuses_forged_signatures: bool
    refuses_expired_urls: bool
    refuses_other_keys: bool
    refuses_other_methods: bool
    refuses_unsigned_copies: bool
    """An upload never becomes a copy of another object, whatever headers its sender adds."""
    refuses_unsigned_permissions: bool
    """No header that its sender adds lets others read an object."""
    refuses_unsigned_headers: bool
    """Other headers that nobody signed have no effect: on what is kept beside the bytes, or on who can read them."""
    refuses_overwrites: bool
    refuses_other_lengths: bool
    refuses_other_digests: bool
    """Of SHA-256."""
    refuses_other_md5: bool
    reports_digests: bool

    @classmethod
    def all(cls) -> Self:
        """Of a store whose own code sees to all of this."""
        return cls(**{field.name: True for field in fields(cls)})

    def risks(self) -> list[str]:
        """What the store lets through although people are harmed by it: the names that an administrator may accept."""
        return [name for name in RISKS if not getattr(self, f"refuses_{name}")]


RISKS = (
    "unsigned_requests",
    "forged_signatures",
    "expired_urls",
    "other_keys",
    "other_methods",
    "unsigned_copies",
    "unsigned_permissions",
    "unsigned_headers",
    "overwrites",
    "other_lengths",
)
"""Digests are not among them: those are checked again after each download."""
