"""The tokens of a JupyterHub: the hub is asked whose they are, and groups say what that person is in which course."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from threading import Condition, Lock
from typing import Annotated, Any, Literal

import msgspec
import urllib3
from cachetools import TLRUCache, cached
from flask import Request
from traitlets import Bool, Dict, Float, List, Unicode, default

from nbexchange.api.access.identity import RANK, CourseRole, Identity, InvalidIdentity
from nbexchange.api.auth import bearer_token
from nbexchange.api.auth.groups import HELP, NBGRADERS_GROUPS, GroupPatterns
from nbexchange.api.auth.tokens import digest
from nbexchange.api.problems import AccessScopeMissing, IdentityRefused, Unavailable
from nbexchange.protocol import is_path_component
from nbexchange.shared.section import Section, SettingsError

log = logging.getLogger("nbexchange")

CACHE_SIZE = 10_000
"""Tokens whose owners are remembered."""

AWAY_SECONDS = 1.0
"""How long the callers of one token are told that the hub is away before it is asked about that token again."""

POOL_SIZE = 32
"""Connections to the hub that are kept."""

PATIENCE = urllib3.Timeout(connect=2, read=5)
ONE_MORE_TRY = urllib3.Retry(connect=1, read=0, redirect=0, status=0, other=0)

SERVICE_PREFIX = "service:"
"""Begins the name of a service, so that it is nobody's among the people."""


class HubModel(msgspec.Struct):
    """What a hub says of a token's owner, as far as the exchange cares. A service has no groups."""

    name: Annotated[str, msgspec.Meta(min_length=1)]
    kind: Literal["user", "service"]
    groups: list[str] = []
    scopes: list[str] = []


@dataclass(frozen=True)
class Answer:
    """What the hub said of a token: its owner, nobody, or nothing at all when it is `away`."""

    owner: HubModel | None
    seconds: float
    """How long this holds."""
    away: bool = False


AWAY = Answer(None, AWAY_SECONDS, away=True)


class JupyterHubAuthenticator(Section):
    """Who is calling is the owner of a JupyterHub token, in the courses that the owner's groups name."""

    variable_prefix = "NBEXCHANGE_HUB_"

    api_url = Unicode(help="The hub's API. Default: `$JUPYTERHUB_API_URL`.").tag(config=True)

    @default("api_url")
    def _default_api_url(self) -> str:
        return os.environ.get("JUPYTERHUB_API_URL", "")

    service_name = Unicode(
        help="The exchange's name among the hub's services. Default: `$JUPYTERHUB_SERVICE_NAME`."
    ).tag(config=True)

    @default("service_name")
    def _default_service_name(self) -> str:
        return os.environ.get("JUPYTERHUB_SERVICE_NAME", "")

    access_scopes = List(
        Unicode(),
        help="A token needs one of these scopes; without any, every token of the hub is taken, also one that was "
        "given to some other service. Default: `$JUPYTERHUB_OAUTH_ACCESS_SCOPES`, which a hub sets for the "
        "services that it starts, else `access:services!service=<service_name>` and `access:services`.",
    ).tag(config=True)

    @default("access_scopes")
    def _default_access_scopes(self) -> list[str]:
        stated: list[str] = json.loads(os.environ.get("JUPYTERHUB_OAUTH_ACCESS_SCOPES") or "[]")
        own = f"access:services!service={self.service_name}"
        # A hub states the scope for all of its services first. The own one is what people are told to grant.
        return sorted(stated or [own, "access:services"], key=lambda scope: scope != own)

    require_access_scope = Bool(
        True,
        help="Refuse tokens without an access scope. Off, any service of the hub can pass for its users.",
    ).tag(config=True)

    group_roles: List[tuple[str, str]] = List(help=HELP).tag(config=True)

    @default("group_roles")
    def _default_group_roles(self) -> list[tuple[str, str]]:
        return NBGRADERS_GROUPS

    service_roles = Dict(
        help="What the hub's services are, which have no groups: by the service's name its roles by course, such as "
        "`{'cs1': {'cs1': 'instructor'}}` for the formgrader that runs as the service `cs1`."
    ).tag(config=True)

    org_id = Unicode("1", help="The organisation of those whose groups name none.").tag(config=True)

    remember_seconds = Float(60, min=0, help="Seconds that the hub's word on a token holds.").tag(config=True)
    refuse_seconds = Float(
        5, min=0, help="Seconds that a token is refused after the hub did not know it."
    ).tag(config=True)

    def check(self) -> None:
        if not self.api_url:
            raise SettingsError("the hub's API is not known: set c.JupyterHubAuthenticator.api_url")
        if self.require_access_scope and not self.service_name:
            raise SettingsError(
                "the exchange's name among the hub's services is not known: set "
                "c.JupyterHubAuthenticator.service_name"
            )
        if self.require_access_scope and not self.access_scopes:
            raise SettingsError("c.JupyterHubAuthenticator.access_scopes is empty: nobody could be let in")
        for name, courses in self.service_roles.items():
            self._check_service(name, courses)
        self.patterns, self._pool, self._waiting  # noqa: B018 - made once, here, where a mistake in them is told

    def _check_service(self, name: str, courses: Any) -> None:
        if not isinstance(courses, dict):
            raise SettingsError(f"service_roles has no roles by course for {name!r}, but {courses!r}")
        for course_id, role in courses.items():
            if role not in list(RANK):
                raise SettingsError(f"{role!r} in service_roles is no role: there is {', '.join(RANK)}")
            if not is_path_component(course_id):
                raise SettingsError(f"{course_id!r} in service_roles cannot be a course's id")

    @cached_property
    def patterns(self) -> GroupPatterns:
        return GroupPatterns.compile(self.group_roles, self.org_id)

    # --- a request -----------------------------------------------------------------------------------------

    def authenticate(self, request: Request) -> Identity | None:
        token = bearer_token(request)
        if token is None:
            return None
        answer = self.ask(token)
        if answer.away:
            raise Unavailable(
                "authentication", "JupyterHub, which knows whose token this is, does not answer."
            )
        try:
            return self.identify(answer.owner) if answer.owner else None
        except InvalidIdentity as error:
            raise IdentityRefused(f"The hub's name for you cannot be used: {error}.") from None

    def identify(self, owner: HubModel) -> Identity:
        """Who the owner of a token is here. Raises `IdentityRefused`."""
        if self.require_access_scope and not set(owner.scopes) & set(self.access_scopes):
            raise AccessScopeMissing(self._how_to_grant_access())
        if owner.kind == "service":
            return self._identify_service(owner.name)
        if owner.name.startswith(SERVICE_PREFIX):
            raise IdentityRefused(
                f"A name that begins with {SERVICE_PREFIX!r} is a service's, and you are none."
            )
        found = self.patterns.read(owner.groups)
        return Identity(owner.name, found.org_id, found.courses)

    def _identify_service(self, name: str) -> Identity:
        roles: Mapping[str, str] = self.service_roles.get(name, {})
        courses = {course_id: CourseRole(role) for course_id, role in roles.items()}  # type: ignore[arg-type]
        return Identity(f"{SERVICE_PREFIX}{name}", self.org_id, courses)

    def _how_to_grant_access(self) -> str:
        scope = self.access_scopes[0]
        return (
            "Your token lacks the scope that lets it use the exchange. The hub's operator grants it with these two "
            "lines of jupyterhub_config.py, and servers that run already have to be started anew:\n"
            f'c.JupyterHub.load_roles = [{{"name": "user", "scopes": ["self", "{scope}"]}}]\n'
            'c.Spawner.server_token_scopes = ["users:activity!user", "access:servers!server", '
            f'"{scope}"]'
        )

    clock: Callable[[], float] = time.monotonic

    # --- the hub -------------------------------------------------------------------------------------------

    @cached_property
    def ask(self) -> Callable[[str], Answer]:
        """Whose token it is, from memory or from the hub: one request per token at a time.

        The memory knows digests, not tokens.
        """
        memory: TLRUCache[str, Answer] = TLRUCache(
            CACHE_SIZE, ttu=lambda _, answer, now: now + answer.seconds, timer=self.clock
        )
        return cached(memory, key=digest, condition=Condition())(self._ask_hub)

    @cached_property
    def _pool(self) -> urllib3.PoolManager:
        return urllib3.PoolManager(maxsize=POOL_SIZE, block=False, timeout=PATIENCE, retries=ONE_MORE_TRY)

    _is_silent = False
    """Whether the last request had no answer."""

    @cached_property
    def _waiting(self) -> Lock:
        """Has whoever waits for a hub that is silent."""
        return Lock()

    def _ask_hub(self, token: str) -> Answer:
        """What the hub says. While it is silent one caller at a time waits for it, whatever the tokens.

        Threads are few: if everybody waited, those whose tokens are remembered would find none.
        """
        if not self._is_silent:
            return self._request(token)
        if not self._waiting.acquire(blocking=False):
            return AWAY
        try:
            return self._request(token)
        finally:
            self._waiting.release()

    def _request(self, token: str) -> Answer:
        try:
            response = self._pool.request(
                "GET", f"{self.api_url.rstrip('/')}/user", headers={"Authorization": f"token {token}"}
            )
        except urllib3.exceptions.HTTPError as error:
            self._is_silent = True
            log.error("the hub cannot be asked whose a token is: %s", type(error).__name__)
            return AWAY
        self._is_silent = False
        return self._read(response.status, response.data)

    def _read(self, status: int, body: bytes) -> Answer:
        if status in {401, 403}:
            return Answer(None, self.refuse_seconds)
        if status != 200:
            log.error("the hub answered %s when asked whose a token is", status)
            return AWAY
        try:
            return Answer(msgspec.json.decode(body, type=HubModel), self.remember_seconds)
        except msgspec.MsgspecError as error:
            log.error("the hub does not say whose a token is: %s", type(error).__name__)
            return AWAY
