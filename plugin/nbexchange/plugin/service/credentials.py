"""Where the service is, and who is calling: the part that an installation may replace."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from nbexchange.plugin.failures import TransferFailed
from nbexchange.plugin.messages import say

SERVICE_VARIABLES = ("NBEXCHANGE_URL", "NAAS_BASE_URL")
TOKEN_FILE_VARIABLES = ("NBEXCHANGE_API_TOKEN_FILE",)
TOKEN_VARIABLES = ("NBEXCHANGE_API_TOKEN", "JUPYTERHUB_API_TOKEN")

TOKEN_PATTERN = re.compile(r"[!-~]+")
"""Visible ASCII: what a header can hold without a second meaning."""

COOKIE_DELIMITERS = set('",;\\')


@dataclass(frozen=True)
class Token:
    """Who is calling, and where that was found, as people may be told."""

    secret: str = field(repr=False)
    source: str


class ApiCredentials:
    """How a request is addressed and who makes it. Subclass it for credentials of another kind."""

    def prep_api_call(self, path: str) -> tuple[str, dict[str, str], dict[str, str]]:
        """URL, cookies and headers for `path` below the service. Called with the Exchange as `self`."""
        exchange: Any = self
        token, cookie = find_token(exchange), exchange.api_token_cookie
        cookies = {cookie: token.secret} if token and cookie else {}
        headers = {"Authorization": f"token {token.secret}"} if token and not cookie else {}
        return service_url(exchange) + path, cookies, headers


BaseApiPlugin = ApiCredentials
"""What classes of installations of nbexchange 1 and 2 are subclasses of."""


def find_token(exchange: Any) -> Token | None:
    """The token as it is now, since a file may have got another one; None where there is none to be found.

    Raises `TransferFailed` for one that cannot be used.
    """
    if exchange.api_token_file:
        path = os.path.expanduser(exchange.api_token_file)  # noqa: PTH111 - Path's raises where there is no home directory
        return _checked(Token(_read(path), path), exchange)
    variables = [exchange.api_token_variable] if exchange.api_token_variable else TOKEN_VARIABLES
    for variable in variables:
        if secret := os.environ.get(variable, "").strip():
            return _checked(Token(secret, variable), exchange)
    return None


def _read(path: str) -> str:
    """The content of a file that is its owner's secret."""
    try:
        with Path(path).open() as file:
            is_open_to_others = os.fstat(file.fileno()).st_mode & stat.S_IROTH
            secret = file.read().strip()
    except OSError as error:
        raise TransferFailed(say("token-file", path=path, why=os.strerror(error.errno or 0))) from None
    except ValueError:  # bytes that are no text, or a path that is none
        raise TransferFailed(say("token-file", path=path, why="it is no text")) from None
    if is_open_to_others:
        raise TransferFailed(say("token-file-open", path=path))
    if not secret:
        raise TransferFailed(say("token-file", path=path, why="it is empty"))
    return secret


def _checked(token: Token, exchange: Any) -> Token:
    breaks_cookie = exchange.api_token_cookie and COOKIE_DELIMITERS & set(token.secret)
    if breaks_cookie or not TOKEN_PATTERN.fullmatch(token.secret):
        raise TransferFailed(say("service-token", source=token.source))
    return token


def service_url(exchange: Any) -> str:
    """The address of the service, with a slash at its end."""
    try:
        url: str = urljoin(exchange.base_service_url, exchange.base_path)
    except ValueError:
        raise TransferFailed(say("service-address")) from None
    return url if url.endswith("/") else url + "/"
