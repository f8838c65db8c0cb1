"""The keys that tokens are verified with: one that is given, a file of them, or those at a provider's address."""

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

from nbexchange.shared.section import SettingsError

log = logging.getLogger("nbexchange")

FRESH_SECONDS = 300.0
"""How long a provider's keys are taken as they are, before they are fetched again."""

KEPT_SECONDS = 3600.0
"""How long they hold when they cannot be fetched again. A key that the provider withdrew lives no longer than this."""

COOLDOWN_SECONDS = 30.0
"""Between two fetches, whatever key ids callers make up."""

AWAY_SECONDS = 5.0
"""Between two fetches after one that failed."""

PATIENCE = (2.0, 5.0)
"""Seconds for connecting to the provider, and for each piece of its answer."""

SYMMETRIC = ["HS256", "HS384", "HS512"]
ASYMMETRIC = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]

KeysById = Mapping[str | None, jwt.PyJWK]


class KeysAway(Exception):
    """The provider's keys cannot be had, so that nothing can be said of a token."""


class Keys(Protocol):
    def find(self, kid: str | None) -> Any | None:
        """The key of this id, or None where there is none. Raises `KeysAway`."""
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
class Fetched:
    """What is known of a provider's keys."""

    keys: KeysById
    at: float
    """When they were fetched."""
    tried: float
    """When somebody last tried to."""
    away: bool = False
    """Whether that failed."""

    def has(self, kid: str | None, now: float) -> bool:
        return kid in self.keys and now - self.at <= KEPT_SECONDS

    def is_due(self, now: float) -> bool:
        return now - self.tried >= (AWAY_SECONDS if self.away else COOLDOWN_SECONDS)


@dataclass
class ProvidersKeys:
    """The keys at an address, fetched when they are first needed, when they are old, and for an id that is new.

    PyJWT's own client is not used: it fetches again at every request while the provider is away, forgets keys that
    were good, and lets everybody wait for one fetch, those as well whose key is known.
    """

    url: str
    algorithms: Collection[str]
    clock: Callable[[], float] = time.monotonic
    _known: Fetched = field(default=Fetched({}, -math.inf, -math.inf), init=False)
    _fetching: Any = field(default_factory=Lock, init=False, repr=False)

    def find(self, kid: str | None) -> jwt.PyJWK | None:
        now, known = self.clock(), self._known
        if not known.has(kid, now) or now - known.at > FRESH_SECONDS:
            # Nobody waits for a provider that failed: threads are few.
            known = self._refresh(wait=not known.has(kid, now) and not known.away)
        if known.has(kid, now):
            return known.keys[kid]
        if known.away:
            raise KeysAway
        return None

    def _refresh(self, *, wait: bool) -> Fetched:
        """What is known after a fetch, if one is due: one at a time."""
        if self._fetching.acquire(blocking=wait):
            try:
                if self._known.is_due(self.clock()):
                    self._known = self._fetch()
            finally:
                self._fetching.release()
        return self._known

    def _fetch(self) -> Fetched:
        try:
            answer = requests.get(self.url, timeout=PATIENCE, allow_redirects=False)
            if answer.status_code != 200:
                raise ValueError(f"the answer is {answer.status_code}")  # noqa: TRY301 - one place for all failures
            keys = read_key_set(answer.json(), self.algorithms)
        except (requests.RequestException, ValueError, jwt.PyJWTError) as error:
            log.error("the keys at %s cannot be had: %s", self.url, error)
            return Fetched(self._known.keys, self._known.at, self.clock(), away=True)
        now = self.clock()
        return Fetched(keys, now, now)


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
                "the key is no secret but a public key, with which anybody could sign: set algorithms to those of "
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
