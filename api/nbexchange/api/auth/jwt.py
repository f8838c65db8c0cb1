"""JSON web tokens of an identity provider, a learning platform or an installation's own issuer."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt
from flask import Request
from traitlets import CaselessStrEnum, Dict, List, Unicode, default

from nbexchange.api.access.identity import Identity, InvalidIdentity
from nbexchange.api.auth import bearer_token, lti
from nbexchange.api.auth.claims import SHAPES, choose_paths, find_claim, read_member, read_person
from nbexchange.api.auth.groups import HELP, NBGRADERS_GROUPS, GroupPatterns
from nbexchange.api.auth.keys import ASYMMETRIC, SYMMETRIC, Keys, KeysUnavailable, ProviderKeys, read_keys
from nbexchange.api.problems import DependencyUnavailable, IdentityRefused
from nbexchange.shared.seconds import Seconds
from nbexchange.shared.section import Section, SettingsError

log = logging.getLogger("nbexchange")

REQUIRED_CLAIMS = ["exp", "iss", "aud"]
COOKIE_NAME = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
MAX_REASON = 200


class JwtAuthenticator(Section):
    """The caller is the person whom a signed JSON web token names."""

    variable_prefix = "NBEXCHANGE_JWT_"

    issuer = Unicode(help="The issuer that a token has to have: its claim `iss`. Required.").tag(config=True)
    audience = Unicode(
        help="The audience that a token has to have: one of its claim `aud`, such as the client id of the exchange at "
        "the provider. Required: a token for another service is refused."
    ).tag(config=True)

    jwks_url = Unicode(
        help="Where the issuer publishes its keys (JWKS). One of `jwks_url`, `key_file` and `key` is needed."
    ).tag(config=True)
    key_file = Unicode(
        help="A file with the issuer's public key (PEM) or keys (JWKS), or with a secret. Read at start."
    ).tag(config=True)
    key = Unicode(help="What could be in `key_file`.").tag(config=True)

    algorithms = List(
        Unicode(),
        help="The algorithms that a token may be signed with. Default: all with a public key "
        f"({', '.join(ASYMMETRIC)}). A secret needs `['HS256']`, and cannot be mixed with these.",
    ).tag(config=True)

    @default("algorithms")
    def _default_algorithms(self) -> list[str]:
        return ASYMMETRIC

    leeway = Seconds(30, help="Seconds by which the issuer's clock may differ.").tag(config=True)
    required_claims = List(
        Unicode(), help="Further claims that a token has to have, beside `exp`, `iss` and `aud`."
    ).tag(config=True)

    shape = CaselessStrEnum(
        list(SHAPES),
        "nbexchange",
        help="How a token identifies a person. `nbexchange`: by `name`, `org_id`, and `course_id` with `course_role` "
        "and `course_title`, or a list `courses` of such three. `groups`: by `preferred_username` and `groups`. "
        "`lti`: by LTI 1.3's claims, where only the roles in the course count.",
    ).tag(config=True)
    claims = Dict(
        help="Other claims in the place of the shape's, by dotted path: `{'groups': 'realm_access.roles'}`."
    ).tag(config=True)
    group_roles: List[tuple[str, str]] = List(help=f"For the shape `groups`. {HELP}").tag(config=True)

    @default("group_roles")
    def _default_group_roles(self) -> list[tuple[str, str]]:
        return NBGRADERS_GROUPS

    org_id = Unicode("1", help="The organisation of those whose token names none.").tag(config=True)

    cookie = Unicode(help="A cookie that may hold the token instead of the header `Authorization`.").tag(
        config=True
    )

    def check(self) -> None:
        for name in ("issuer", "audience"):
            if not getattr(self, name):
                raise SettingsError(f"{name} is missing: set c.JwtAuthenticator.{name}")
        if self.cookie and not COOKIE_NAME.fullmatch(self.cookie):
            raise SettingsError(f"{self.cookie!r} cannot be a cookie's name")
        self._check_algorithms()
        self.keys, self.paths, self.patterns  # noqa: B018 - built once, here, where a mistake in them is told

    def _check_algorithms(self) -> None:
        chosen = set(self.algorithms)
        if unknown := chosen - {*ASYMMETRIC, *SYMMETRIC}:
            raise SettingsError(
                f"{min(unknown)!r} is no algorithm: there is {', '.join([*ASYMMETRIC, *SYMMETRIC])}"
            )
        if not chosen or (chosen & set(SYMMETRIC) and (chosen & set(ASYMMETRIC) or self.jwks_url)):
            raise SettingsError(
                "algorithms are those of a public key, or those of a secret in key or key_file"
            )

    @cached_property
    def keys(self) -> Keys:
        sources = [name for name in ("jwks_url", "key_file", "key") if getattr(self, name)]
        if len(sources) != 1:
            raise SettingsError(
                "exactly one of jwks_url, key_file and key has to be set in c.JwtAuthenticator"
            )
        if not self.jwks_url:
            return read_keys(self.key or _read(self.key_file), self.algorithms)
        url = urlsplit(self.jwks_url)
        if url.scheme not in {"http", "https"} or not url.hostname:
            raise SettingsError("jwks_url is no address of the form https://...")
        return ProviderKeys(self.jwks_url, self.algorithms)

    @cached_property
    def paths(self) -> Mapping[str, str]:
        return choose_paths(self.shape, self.claims)

    @cached_property
    def patterns(self) -> GroupPatterns:
        return GroupPatterns.compile(self.group_roles, self.org_id)

    # --- a request -----------------------------------------------------------------------------------------

    def authenticate(self, request: Request) -> Identity | None:
        token = self.token(request)
        claims = self.verify(token) if token else None
        return self.identify(claims) if claims is not None else None

    def token(self, request: Request) -> str | None:
        """The token in the header or, where there is no such header, in the cookie."""
        if "Authorization" in request.headers or not self.cookie:
            return bearer_token(request)
        return request.cookies.get(self.cookie)

    def verify(self, token: str) -> Mapping[str, Any] | None:
        """The claims of a token that is good. Raises `DependencyUnavailable`."""
        try:
            key = self.keys.find(jwt.get_unverified_header(token).get("kid"))
            if key is None:
                raise jwt.InvalidKeyError("the issuer has no such key")
            return self._decode(token, key)
        except KeysUnavailable:
            raise DependencyUnavailable(
                "authentication", "The keys that verify tokens are unavailable."
            ) from None
        except (jwt.PyJWTError, UnicodeError) as error:
            # Quoted: parts of it are the caller's.
            log.info("a token is refused: %r", str(error)[:MAX_REASON])
            return None

    def _decode(self, token: str, key: Any) -> Mapping[str, Any]:
        try:
            return jwt.decode(
                token,
                key,
                algorithms=self.algorithms,
                issuer=self.issuer,
                audience=self.audience,
                leeway=self.leeway,
                options={
                    "require": [*REQUIRED_CLAIMS, *self.required_claims],
                    "enforce_minimum_key_length": True,
                },
            )
        except TypeError:  # so PyJWT says it of a token that names an algorithm for another kind of key
            raise jwt.InvalidKeyError("the key is of another kind") from None

    def identify(self, claims: Mapping[str, Any]) -> Identity:
        """Whom verified claims name. Raises `IdentityRefused`: the same token would be refused again."""
        attributes = {name: find_claim(claims, path) for name, path in self.paths.items()}
        try:
            return self._identify(attributes)
        except InvalidIdentity as error:
            log.warning("the claims of a good token make no identity: %s", error)
            raise IdentityRefused(
                f"Your token does not identify you as the exchange needs it: {error}."
            ) from None

    def _identify(self, attributes: dict[str, Any]) -> Identity:
        if self.shape == "groups":
            membership = self.patterns.read(_names(attributes["groups"]))
            return replace(read_person(attributes, membership.org_id), courses=membership.courses)
        if self.shape == "lti":
            attributes["course_role"] = lti.role_of_all(attributes["course_role"])
        return read_member(attributes, self.org_id)


def _names(groups: Any) -> list[str]:
    names = groups if isinstance(groups, list) else [groups]
    return [group for group in names if isinstance(group, str)]


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except (OSError, UnicodeError) as error:
        raise SettingsError(f"key_file cannot be read: {error}") from None
