"""What an object store really enforces, found out by trying with signed URLs as a client would."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from uuid import uuid4

import urllib3

from nbexchange.storage.capabilities import Capabilities
from nbexchange.storage.contract import URL_LIFETIME, ObjectStore, StoreUnavailable

BODY = b"nbexchange probes what this store enforces"
ALTERED = BODY.swapcase()
LONGER = BODY + b"."


def probe(store: ObjectStore, signature: str) -> Capabilities:
    """Try each refusal on a key of its own.

    The URLs of `store` have to be absolute, for a host that this process can dial, and carry a hexadecimal signature
    in the parameter that `signature` names.
    """
    return Capabilities(
        refuses_forged_signatures=not _stores(store, BODY, forged=signature),
        refuses_other_lengths=not _stores(store, LONGER),
        refuses_other_digests=not _stores(store, ALTERED),
        refuses_overwrites=not _overwrites(store),
        reports_digests=_reports_digests(store),
    )


def _stores(store: ObjectStore, body: bytes, *, forged: str | None = None) -> bool:
    """Whether a PUT of `body` is accepted by a URL that was signed for `BODY`, its parameter `forged` altered."""
    key = f"probe/{uuid4()}"
    try:
        return _put(store, key, body, forged=forged) < 300 or store.stat(key) is not None
    finally:
        store.delete(key)


def _overwrites(store: ObjectStore) -> bool:
    key = f"probe/{uuid4()}"
    try:
        _put(store, key, BODY)
        return _put(store, key, BODY) < 300
    finally:
        store.delete(key)


def _reports_digests(store: ObjectStore) -> bool:
    key = f"probe/{uuid4()}"
    try:
        status = _put(store, key, BODY)
        stored = store.stat(key)
        if stored is None:
            raise StoreUnavailable(f"the object store does not keep what is sent to it (status {status})")
        return stored.sha256 is not None
    finally:
        store.delete(key)


def _put(store: ObjectStore, key: str, body: bytes, *, forged: str | None = None) -> int:
    signed = store.sign_put(
        key,
        size=len(BODY),
        sha256=hashlib.sha256(BODY).hexdigest(),
        lifetime=URL_LIFETIME,
    )
    url = forge(signed.url, forged) if forged else signed.url
    return _send(url, body, {**signed.headers, "content-length": str(len(body))})


def forge(url: str, parameter: str) -> str:
    """The URL with one hexadecimal digit of its signature changed."""
    before, name, after = url.partition(f"{parameter}=")
    return before + name + ("0" if after[0] != "0" else "1") + after[1:]


def _send(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    try:
        response = urllib3.request("PUT", url, body=body, headers=headers, retries=False, timeout=20)
    except urllib3.exceptions.HTTPError as error:
        raise StoreUnavailable(f"the object store cannot be used: {type(error).__name__}") from None
    return response.status
