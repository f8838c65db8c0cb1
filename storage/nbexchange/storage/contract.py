"""The contract that every object store keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from nbexchange.shared.section import Section
from nbexchange.storage.capabilities import Capabilities, SignsRequests

URL_LIFETIME = timedelta(minutes=15)
"""How long a signed URL is good for. A transfer that began in time may end later."""


class StoreUnavailable(Exception):
    """The store could not be asked, or gave an answer that says nothing about the object."""


class StoreMisconfigured(StoreUnavailable):
    """It will not pass by itself: the text says which setting, secret or clock is wrong, and nothing that is secret."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What the store holds, with the checksum that it reports, if any: at most one of the two is set."""

    size: int
    sha256: str | None = None
    """Of the whole object, in hexadecimal digits."""
    composite: str | None = None
    """Of an upload in parts, as S3 writes it (`<base64>-<number of parts>`): a digest of the parts' digests, which
    says nothing about the SHA-256 of the whole."""


class ObjectStore(SignsRequests, Protocol):
    """Keeps immutable objects under keys that the service makes (`[A-Za-z0-9._-]` and `/`).

    Every method but the signing ones talks to the store and raises `StoreUnavailable` when that fails.
    """

    @property
    def max_put_size(self) -> int:
        """The largest object that the store takes in one request, in bytes."""
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


@dataclass(frozen=True, slots=True)
class StoreFactory:
    """Opens the stores whose addresses have one scheme."""

    open: Callable[[str, Any], ObjectStore]
    """From the address and the settings, an instance of `section`. Raises `SettingsError` for what cannot work."""
    example: str
    """What an address looks like, for messages."""
    section: type[Section] = Section
    """The settings of these stores; `Section` itself has none."""
