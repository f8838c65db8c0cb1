"""Callers whom a proxy identifies, in headers of the request."""

from __future__ import annotations

import hmac
import ipaddress
import logging
import re
from collections.abc import Iterator
from functools import cached_property

from flask import Request
from traitlets import List, Unicode, default

from nbexchange.api.access.identity import Identity, InvalidIdentity
from nbexchange.api.auth import BETWEEN
from nbexchange.api.auth.groups import HELP, NBGRADERS_GROUPS, GroupPatterns, split_groups
from nbexchange.api.problems import IdentityRefused
from nbexchange.shared.section import Section, SettingsError

log = logging.getLogger("nbexchange")

MIN_SECRET = 32
"""Characters: what `openssl rand -hex 16` prints."""

HEADER_NAME = re.compile(r"[A-Za-z0-9-]+")
"""Without underscores: WSGI knows no difference between them and dashes, and the server drops such headers."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class ProxyAuthenticator(Section):
    """The caller is the person whom a proxy names; it has to overwrite these headers in what it passes on."""

    variable_prefix = "NBEXCHANGE_PROXY_"

    trusted_networks = List(
        Unicode(),
        help="Where the proxy connects from: `['10.1.2.0/24']`. Headers from elsewhere are not believed. Required.",
    ).tag(config=True)
    secret = Unicode(
        help=f"What the proxy alone knows and sends with each request: {MIN_SECRET} characters or more. "
        "Required."
    ).tag(config=True)
    secret_header = Unicode("X-NbExchange-Proxy-Secret", help="The header with the secret.").tag(config=True)

    user_header = Unicode("X-Forwarded-User", help="The header with the person's name.").tag(config=True)
    groups_header = Unicode("X-Forwarded-Groups", help="The header with the person's groups.").tag(
        config=True
    )
    groups_separator = Unicode(",", help="What is between two groups; Shibboleth writes `;`.").tag(
        config=True
    )
    email_header = Unicode("X-Forwarded-Email", help="The header with the person's address.").tag(config=True)
    full_name_header = Unicode(help="The header with the person's full name. Default: none.").tag(config=True)

    group_roles: List[tuple[str, str]] = List(help=HELP).tag(config=True)

    @default("group_roles")
    def _default_group_roles(self) -> list[tuple[str, str]]:
        return NBGRADERS_GROUPS

    org_id = Unicode("1", help="The organisation of those whose groups name none.").tag(config=True)

    def check(self) -> None:
        if len(self.secret) < MIN_SECRET:
            raise SettingsError(
                f"c.ProxyAuthenticator.secret needs {MIN_SECRET} characters: openssl rand -hex 16"
            )
        if not self.groups_separator.strip() or "\\" in self.groups_separator:
            raise SettingsError("c.ProxyAuthenticator.groups_separator is empty, or has a backslash")
        self._check_headers()
        self.networks, self.patterns  # noqa: B018 - built once, here, where a mistake in them is told

    def _check_headers(self) -> None:
        needed = [self.secret_header, self.user_header, self.groups_header]
        names = [*needed, *filter(None, [self.email_header, self.full_name_header])]
        for name in names:
            if not HEADER_NAME.fullmatch(name):
                raise SettingsError(f"{name!r} is no header that could arrive: letters, digits and dashes")
        if len({name.casefold() for name in names}) < len(names):
            raise SettingsError("two of c.ProxyAuthenticator's headers are the same")

    @cached_property
    def networks(self) -> list[Network]:
        if not self.trusted_networks:
            raise SettingsError(
                "c.ProxyAuthenticator.trusted_networks is empty: no proxy could identify a caller"
            )
        return [_network(text) for text in self.trusted_networks]

    @cached_property
    def patterns(self) -> GroupPatterns:
        return GroupPatterns.compile(self.group_roles, self.org_id)

    # --- a request -----------------------------------------------------------------------------------------

    def authenticate(self, request: Request) -> Identity | None:
        if not self.comes_from_proxy(request):
            return None
        name = _text(request, self.user_header)
        return self._identify(name, request) if name else None

    def comes_from_proxy(self, request: Request) -> bool:
        """Whether the proxy sent this: by the connection it came over, and by the secret."""
        # The connection's own end, never what a header says of it. A unix socket has none.
        if not self._is_trusted(request.remote_addr or ""):
            log.warning("%r is not in trusted_networks, and is not believed", request.remote_addr)
            return False
        secret = request.headers.get(self.secret_header, "")
        if not hmac.compare_digest(secret.encode(), self.secret.encode()):
            log.warning("a request from %s has not the proxy's secret", request.remote_addr)
            return False
        return True

    def _is_trusted(self, peer: str) -> bool:
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)
        return any((mapped or address) in network for network in self.networks)

    def _identify(self, name: str, request: Request) -> Identity:
        if "," in name:  # where a server merges headers
            raise IdentityRefused(f"The request names more than one person in {self.user_header}.")
        membership = self.patterns.read(self._groups(request))
        try:
            return Identity(
                name,
                membership.org_id,
                membership.courses,
                full_name=_text(request, self.full_name_header),
                email=_text(request, self.email_header),
            )
        except InvalidIdentity as error:
            raise IdentityRefused(f"The proxy's name for you cannot be used: {error}.") from None

    def _groups(self, request: Request) -> Iterator[str]:
        return split_groups(_text(request, self.groups_header) or "", self.groups_separator)


def _text(request: Request, header: str) -> str | None:
    """A header's value, as UTF-8: WSGI takes its bytes for Latin-1.

    Raises `IdentityRefused` for one that came twice: the proxy's, and one that it should have taken out.
    """
    value = request.headers.get(header, "") if header else ""
    if BETWEEN in value:
        raise IdentityRefused(f"The request has the header {header} more than once.")
    try:
        return value.encode("latin-1").decode().strip(" \t") or None  # no more than HTTP itself
    except UnicodeError:
        raise IdentityRefused(f"The header {header} is not written in UTF-8.") from None


def _network(text: str) -> Network:
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        raise SettingsError(f"{text!r} in trusted_networks is no network: {error}") from None
    if network.prefixlen == 0:
        raise SettingsError(f"{text!r} in trusted_networks is everybody")
    return network
