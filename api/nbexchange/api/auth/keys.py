"""The keys that tokens are verified with: one in the settings, a file of them, or those at a provider's address."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Protocol

import jwt
import requests

from nbexchange.api.auth.timeouts import LONGEST, seconds_to_ask
from nbexchange.shared.deadlines import seconds_left
from nbexchange.shared.section import SettingsError

log = logging.getLogger("nbexchange")

FRESH_SECONDS = 300.0
"""How long a provider's keys are taken as they are, before they are fetched again."""

KEPT_SECONDS = 3600.0
"""How long they hold when they cannot be fetched again. A key that the provider withdrew lives no longer than this."""

COOLDOWN_SECONDS = 30.0
"""Between two fetches, whatever key ids callers invent."""

NEGATIVE_CACHE_SECONDS = 5.0
"""How long a failed fetch is remembered before the next one."""

SYMMETRIC = ["HS256", "HS384", "HS512"]
ASYMMETRIC = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]

KeysById = Mapping[str | None, jwt.PyJWK]


class KeysUnavailable(Exception):
    """The provider's keys are unavailable, so that nothing can be said of a token."""


class Keys(Protocol):
    def find(self, kid: str | None) -> Any | None:
        """The key of this id, or None where there is none. Raises `KeysUnavailable`."""
        ...


@dataclass(frozen=True)
class OneKey:
    """A single key, whatever id a token names."""

    key: Any = field(repr=False)

    def find(self, kid: str | None) -> Any:
        return self.key


@dataclass(frozen=True)
class KeySet:
    keys: KeysById

    def find(self, kid: str | None) -> jwt.PyJWK | None:
        return self.keys.get(kid)


@dataclass(frozen=True)
class FetchedKeys:
    """A provider's keys as they were last fetched."""

    keys: KeysById
    fetched_at: float
    tried_at: float
    """When the last fetch, perhaps a failed one, was."""
    has_failed: bool = False
    """Whether that fetch failed."""

    def has(self, kid: str | None, now: float) -> bool:
        return kid in self.keys and now - self.fetched_at <= KEPT_SECONDS

    def is_due(self, now: float) -> bool:
        return now - self.tried_at >= (NEGATIVE_CACHE_SECONDS if self.has_failed else COOLDOWN_SECONDS)


@dataclass
class ProviderKeys:
    """The keys at an address, fetched when they are first needed, when they are old, and for an id that is new.

    PyJWT's own client is not used: it fetches again at every request while the provider is unavailable, forgets
    keys that were good, and lets all callers wait for one fetch, also those whose key is in the cache.
    """

    url: str
    algorithms: Collection[str]
    clock: Callable[[], float] = time.monotonic
    _last: FetchedKeys = field(default=FetchedKeys({}, -math.inf, -math.inf), init=False)
    _fetching: Any = field(default_factory=Lock, init=False, repr=False)

    def find(self, kid: str | None) -> jwt.PyJWK | None:
        now, last = self.clock(), self._last
        if not last.has(kid, now) or now - last.fetched_at > FRESH_SECONDS:
            # No thread waits for a provider that failed: threads are few.
            last = self._refresh(wait=not last.has(kid, now) and not last.has_failed)
        if last.has(kid, now):
            return last.keys[kid]
        if last.has_failed:
            raise KeysUnavailable
        return None

    def _refresh(self, *, wait: bool) -> FetchedKeys:
        """The keys after a fetch, if one is due: one at a time."""
        if not self._fetching.acquire(timeout=min(LONGEST, seconds_left()) if wait else 0):
            if wait:
                raise KeysUnavailable
            return self._last
        try:
            if self._last.is_due(self.clock()):
                self._last = self._fetch()
        finally:
            self._fetching.release()
        return self._last

    def _fetch(self) -> FetchedKeys:
        try:
            answer = requests.get(self.url, timeout=seconds_to_ask(), allow_redirects=False)
            if answer.status_code != 200:
                raise ValueError(f"the answer is {answer.status_code}")  # noqa: TRY301 - all failures are handled below
            keys = read_key_set(answer.json(), self.algorithms)
        except (requests.RequestException, ValueError, RecursionError, jwt.PyJWTError) as error:
            log.error("the keys at %s are unavailable: %s", self.url, error)
            return FetchedKeys(self._last.keys, self._last.fetched_at, self.clock(), has_failed=True)
        now = self.clock()
        return FetchedKeys(keys, now, now)


def read_key_set(document: Any, algorithms: Collection[str]) -> KeysById:
    """The public signing keys of a JWKS. Raises `ValueError` or one of PyJWT's errors for a document without any."""
    if not isinstance(document, dict):
        raise ValueError("it is no set of keys")  # noqa: TRY004 - bad input, not a mistake in the code
    keys = {
        key.key_id: key
        for key in jwt.PyJWKSet.from_dict(document)
        if isinstance(key.key_id, str | None)
        and key.public_key_use in {None, "sig"}
        and key.algorithm_name in algorithms
        and not _is_private(key.key)
    }
    if not keys:
        raise ValueError("there is no public key for signatures in it")
    return keys


def read_keys(text: str, algorithms: Collection[str]) -> Keys:
    """A secret, a public key in PEM or a JWKS, as the algorithms want it. Raises `SettingsError`."""
    if set(algorithms) <= set(SYMMETRIC):
        return OneKey(_read_secret(text.strip(), algorithms))
    if text.lstrip().startswith("{"):
        try:
            return KeySet(read_key_set(json.loads(text), algorithms))
        except (ValueError, jwt.PyJWTError) as error:
            raise SettingsError(f"the set of keys cannot be used: {error}") from None
    return OneKey(_read_public_key(text, algorithms))


def _read_secret(text: str, algorithms: Collection[str]) -> bytes:
    for name in algorithms:
        algorithm = jwt.get_algorithm_by_name(name)
        try:
            secret: bytes = algorithm.prepare_key(text)
        except jwt.InvalidKeyError:
            raise SettingsError(
                "the key is no secret but a public key, with which any caller could sign: set algorithms to those of "
                "the provider, such as ['RS256']"
            ) from None
        if too_short := algorithm.check_key_length(secret):
            raise SettingsError(too_short)
    return secret


def _read_public_key(text: str, algorithms: Collection[str]) -> Any:
    for name in algorithms:
        try:
            key = jwt.get_algorithm_by_name(name).prepare_key(text)
        except (jwt.PyJWTError, ValueError, TypeError):
            continue
        if _is_private(key):
            raise SettingsError("the key is a private key: the service needs the public one, and no other")
        return key
    raise SettingsError(
        f"the key is no public key in PEM for {', '.join(algorithms)}; a secret needs algorithms such as ['HS256']"
    )


def _is_private(key: Any) -> bool:
    return hasattr(key, "private_bytes")
