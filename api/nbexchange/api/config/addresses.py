"""Where the service listens: its address, and the path under which it is reached."""

from __future__ import annotations

import errno
import ipaddress
import os
import re
from socket import SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, getaddrinfo, socket
from urllib.parse import SplitResult, urlsplit

from traitlets import TraitError

from nbexchange.shared.section import SettingsError

PATH = re.compile(r"/*([\w.~@%+-]+(/[\w.~@%+-]+)*)?/*", re.ASCII)


def slashed(path: str) -> str:
    """The path with a slash at both ends; raises `TraitError` for any other text."""
    if not PATH.fullmatch(path) or {".", ".."} & {*path.split("/")}:
        raise TraitError(f"c.NbExchange.base_url is no path such as /services/nbexchange/: {path!r}")
    return f"/{path.strip('/')}/" if path.strip("/") else "/"


def service_url() -> SplitResult:
    """Where a hub that starts this service expects it; empty elsewhere, as on a user's server, which has no name."""
    is_service = os.environ.get("JUPYTERHUB_SERVICE_NAME")
    return urlsplit(os.environ.get("JUPYTERHUB_SERVICE_URL", "") if is_service else "")


def is_loopback(ip: str) -> bool:
    if ip == "localhost":
        return True
    try:
        return ipaddress.ip_address(ip).is_loopback
    except ValueError:
        return False


def try_address(ip: str, port: int) -> None:
    """Raise `SettingsError` where nobody can listen. One that somebody has may be free in a moment."""
    try:
        family, kind, *_, address = getaddrinfo(ip, port, type=SOCK_STREAM)[0]
        with socket(family, kind) as trial:
            trial.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise SettingsError(f"the service cannot listen on {ip}, port {port}: {error.strerror}") from None
