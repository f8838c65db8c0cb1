"""Whose a JupyterHub token is: the hub is asked, and its answer is remembered for a while."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Condition, Lock
from typing import Annotated, Any, Literal

import msgspec
import urllib3
from cachetools import TLRUCache, cached

from nbexchange.api.auth.timeouts import seconds_to_ask
from nbexchange.api.auth.tokens import digest

log = logging.getLogger("nbexchange")

CACHE_SIZE = 10_000
"""Tokens whose owners are remembered."""

NEGATIVE_CACHE_SECONDS = 1.0
"""How long the callers of one token are told that the hub is unavailable before it is asked about that token again."""

POOL_SIZE = 32
"""Connections to the hub that are kept."""

RETRY_CONNECTING_ONCE = urllib3.Retry(connect=1, read=0, redirect=0, status=0, other=0)


class TokenOwner(msgspec.Struct):
    """What a hub says of a token's owner, as far as the exchange cares. A service has no groups."""

    name: Annotated[str, msgspec.Meta(min_length=1)]
    kind: Literal["user", "service"]
    groups: list[str] = []
    scopes: list[str] = []


@dataclass(frozen=True)
class Answer:
    """What the hub said of a token: its owner, None for an unknown token, or nothing where it is unavailable."""

    owner: TokenOwner | None
    seconds: float
    """How long this holds."""
    is_unavailable: bool = False


UNAVAILABLE = Answer(None, NEGATIVE_CACHE_SECONDS, is_unavailable=True)


@dataclass(eq=False)
class HubTokens:
    """The owners of a hub's tokens, from the cache or from the hub: one request per token at a time."""

    api_url: str
    remember_seconds: float
    refuse_seconds: float
    clock: Callable[[], float] = time.monotonic
    find_owner: Callable[[str], Answer] = field(init=False)
    """The answer to a token. Its cache knows digests, not tokens."""
    _pool: urllib3.PoolManager = field(init=False)
    _probing: Any = field(default_factory=Lock, init=False)
    """Held by the one caller who waits for a hub that did not answer last time."""
    _is_silent: bool = field(default=False, init=False)
    """Whether the last request had no answer."""

    def __post_init__(self) -> None:
        cache: TLRUCache[str, Answer] = TLRUCache(
            CACHE_SIZE, ttu=lambda _, answer, now: now + answer.seconds, timer=self._now
        )
        self.find_owner = cached(cache, key=digest, condition=Condition())(self._ask_hub)
        self._pool = urllib3.PoolManager(maxsize=POOL_SIZE, block=False, retries=RETRY_CONNECTING_ONCE)

    def _now(self) -> float:
        return self.clock()

    def _ask_hub(self, token: str) -> Answer:
        """What the hub says. While it is silent one caller at a time waits for it, whatever the tokens.

        Threads are few: if all callers waited, those whose tokens are in the cache would find none.
        """
        if not self._is_silent:
            return self._request(token)
        if not self._probing.acquire(blocking=False):
            return UNAVAILABLE
        try:
            return self._request(token)
        finally:
            self._probing.release()

    def _request(self, token: str) -> Answer:
        seconds = seconds_to_ask()
        try:
            response = self._pool.request(
                "GET",
                f"{self.api_url.rstrip('/')}/user",
                headers={"Authorization": f"token {token}"},
                timeout=urllib3.Timeout(connect=seconds / 2, total=seconds),
            )
        except urllib3.exceptions.HTTPError as error:
            self._is_silent = True
            log.error("the hub cannot be asked whose a token is: %s", type(error).__name__)
            return UNAVAILABLE
        self._is_silent = False
        return self._read(response.status, response.data)

    def _read(self, status: int, body: bytes) -> Answer:
        if status in {401, 403}:
            return Answer(None, self.refuse_seconds)
        if status != 200:
            log.error("the hub answered %s when asked whose a token is", status)
            return UNAVAILABLE
        try:
            return Answer(msgspec.json.decode(body, type=TokenOwner), self.remember_seconds)
        except (msgspec.MsgspecError, RecursionError) as error:
            log.error("the hub does not say whose a token is: %s", type(error).__name__)
            return UNAVAILABLE
