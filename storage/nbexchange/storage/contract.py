"""The contract that every object store keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

URL_LIFETIME = timedelta(minutes=15)
"""How long a signed URL is good for. A transfer that began in time may end later."""


class StoreUnavailable(Exception):
    """The store could not be asked, or gave an answer that says nothing about the object."""


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request that a client may make once it has been handed over; it must send exactly these headers.

    It is good until `expires_at`, which may be earlier than what was asked for: a URL dies with the temporary
    credentials that sign it.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What the store holds. `sha256` is None where the store reports no digest."""

    size: int
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What this store does beyond keeping bytes, found out by trying."""

    refuses_forged_signatures: bool
    refuses_other_lengths: bool
    refuses_other_digests: bool
    refuses_overwrites: bool
    reports_digests: bool


class ObjectStore(Protocol):
    """Keeps immutable objects under keys that the service makes (`[A-Za-z0-9._-]` and `/`).

    Every method but the signing ones talks to the store and raises `StoreUnavailable` when that fails.
    """

    @property
    def public_url(self) -> str:
        """What signed URLs begin with, so that clients can find out whether they reach it. It grants nothing."""
        ...

    def sign_put(self, key: str, *, size: int, sha256: str, expires_at: datetime) -> SignedRequest:
        """Allow one PUT of exactly these bytes to a key that does not exist yet."""
        ...

    def sign_get(self, key: str, *, filename: str, expires_at: datetime) -> SignedRequest:
        """Allow a GET, answered as a download named `filename` (ASCII) and never as a page."""
        ...

    def stat(self, key: str) -> StoredObject | None:
        """What is stored under `key`; None when nothing is."""
        ...

    def delete(self, key: str) -> None:
        """Remove the object; no error when it is not there."""
        ...

    def list(self) -> Iterator[str]:
        """The keys of all objects."""
        ...

    def create(self) -> None:
        """Make the bucket or directory, unless it exists."""
        ...

    def ready(self) -> None:
        """Raise `StoreUnavailable` unless the store can be used now."""
        ...

    def capabilities(self) -> Capabilities:
        """Try, on small objects of its own that it removes again, what the store enforces."""
        ...
