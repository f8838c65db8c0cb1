"""The tokens of a JupyterHub: the hub is asked whose they are, and groups say what that person is in which course."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from flask import Request
from traitlets import Bool, Dict, List, Unicode, default

from nbexchange.api.access.identity import ROLES, CourseRole, Identity, InvalidIdentity
from nbexchange.api.auth import bearer_token
from nbexchange.api.auth.groups import HELP, NBGRADERS_GROUPS, GroupPatterns
from nbexchange.api.auth.hub_tokens import HubTokens, TokenOwner
from nbexchange.api.problems import AccessScopeMissing, DependencyUnavailable, IdentityRefused
from nbexchange.protocol import is_id
from nbexchange.shared.seconds import Seconds
from nbexchange.shared.section import Section, SettingsError

SERVICE_PREFIX = "service:"
"""Begins the name of a service, so that it is no person's."""


class JupyterHubAuthenticator(Section):
    """The caller is the owner of a JupyterHub token, in the courses that the owner's groups name."""

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
        help="A token needs one of these scopes; without any, every token of the hub is taken, also one for "
        "another service. Default: `$JUPYTERHUB_OAUTH_ACCESS_SCOPES`, which a hub sets for the "
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
        help="Refuse tokens without an access scope. Off, any service of the hub can act as its users.",
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

    remember_seconds = Seconds(60, help="Seconds that the hub's answer to a token is remembered.").tag(
        config=True
    )
    refuse_seconds = Seconds(5, help="Seconds that a token is refused after the hub did not know it.").tag(
        config=True
    )

    def check(self) -> None:
        if not self.api_url:
            raise SettingsError("the hub's API is missing: set c.JupyterHubAuthenticator.api_url")
        if not self.api_url.startswith(("http://", "https://")):
            raise SettingsError(
                "c.JupyterHubAuthenticator.api_url is no web address such as http://hub:8081/hub/api"
            )
        if self.require_access_scope and not self.service_name:
            raise SettingsError(
                "the exchange's name among the hub's services is missing: set "
                "c.JupyterHubAuthenticator.service_name"
            )
        if self.require_access_scope and not self.access_scopes:
            raise SettingsError(
                "c.JupyterHubAuthenticator.access_scopes is empty: no token could be accepted"
            )
        for name, courses in self.service_roles.items():
            self._check_service(name, courses)
        self.patterns, self.hub  # noqa: B018 - built once, here, where a mistake in them is told

    def _check_service(self, name: str, courses: Any) -> None:
        if not isinstance(courses, dict):
            raise SettingsError(f"service_roles has no roles by course for {name!r}, but {courses!r}")
        for course_id, role in courses.items():
            if role not in list(ROLES):
                raise SettingsError(f"{role!r} in service_roles is no role: there is {', '.join(ROLES)}")
            if not is_id(course_id):
                raise SettingsError(f"{course_id!r} in service_roles cannot be a course's id")

    @cached_property
    def patterns(self) -> GroupPatterns:
        return GroupPatterns.compile(self.group_roles, self.org_id)

    @cached_property
    def hub(self) -> HubTokens:
        return HubTokens(self.api_url, self.remember_seconds, self.refuse_seconds)

    # --- a request -----------------------------------------------------------------------------------------

    def authenticate(self, request: Request) -> Identity | None:
        token = bearer_token(request)
        if token is None:
            return None
        answer = self.hub.find_owner(token)
        if answer.is_unavailable:
            raise DependencyUnavailable(
                "authentication", "JupyterHub, which knows whose token this is, does not answer."
            )
        try:
            return self.identify(answer.owner) if answer.owner else None
        except InvalidIdentity as error:
            raise IdentityRefused(f"The hub's name for you cannot be used: {error}.") from None

    def identify(self, owner: TokenOwner) -> Identity:
        """Who the owner of a token is here. Raises `IdentityRefused`."""
        if self.require_access_scope and not set(owner.scopes) & set(self.access_scopes):
            raise AccessScopeMissing(self._how_to_grant_access())
        if owner.kind == "service":
            return self._identify_service(owner.name)
        if owner.name.startswith(SERVICE_PREFIX):
            raise IdentityRefused(
                f"A name that begins with {SERVICE_PREFIX!r} is a service's, and you are none."
            )
        membership = self.patterns.read(owner.groups)
        return Identity(owner.name, membership.org_id, membership.courses)

    def _identify_service(self, name: str) -> Identity:
        roles: Mapping[str, str] = self.service_roles.get(name, {})
        courses = {course_id: CourseRole(role) for course_id, role in roles.items()}  # type: ignore[arg-type]  # `check` looked
        return Identity(f"{SERVICE_PREFIX}{name}", self.org_id, courses)

    def _how_to_grant_access(self) -> str:
        scope = self.access_scopes[0]
        return (
            "Your token lacks the scope that lets it use the exchange. The hub's administrator grants it with these "
            "two lines of jupyterhub_config.py, and servers that run already have to be started anew:\n"
            f'c.JupyterHub.load_roles = [{{"name": "user", "scopes": ["self", "{scope}"]}}]\n'
            'c.Spawner.server_token_scopes = ["users:activity!user", "access:servers!server", '
            f'"{scope}"]'
        )
