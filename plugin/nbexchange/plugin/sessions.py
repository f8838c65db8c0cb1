"""Connections to the service and to the file store, which all actions of a process share."""

from __future__ import annotations

import os
from threading import Lock
from time import monotonic
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

MAX_IDLE = 60
"""Seconds for which a connection to a host is kept: a little less than the service does. Networks forget silent ones,
and who sends on a forgotten one waits until a timeout."""


class Connections:
    """Those of this process, by the scheme and host that they lead to.

    Each is used by one thread at a time, and one that the other side has closed is not used again. Who is calling is a
    matter of each request, and never of its connection.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew; connections that are in use end with what they are used for."""
        self._lock = Lock()
        self._owners: dict[tuple[str, str], tuple[HTTPAdapter, float]] = {}

    def lend_to(self, adapter: HTTPAdapter, url: str) -> None:
        """Let the adapter use those to the host of this URL for its next request."""
        scheme, host, *_ = urlsplit(url)
        with self._lock:
            now = monotonic()
            self._owners = {
                key: (owner, used) for key, (owner, used) in self._owners.items() if now - used <= MAX_IDLE
            }
            owner, _ = self._owners.get((scheme, host), (HTTPAdapter(), now))
            self._owners[scheme, host] = (owner, now)
        adapter.poolmanager, adapter.proxy_manager = owner.poolmanager, owner.proxy_manager


CONNECTIONS = Connections()
os.register_at_fork(after_in_child=CONNECTIONS.forget)  # else two processes would read from one connection


class Session(requests.Session):
    """Sends what it is given to where it is told, and nothing else to anywhere else.

    Proxies and certificates come from the environment, as usual. Cookies stay in the session, which is one person's.
    """

    def __init__(self, retries: Retry) -> None:
        super().__init__()
        # Any value but None keeps requests from looking into ~/.netrc and into the URL for credentials.
        self.auth = lambda request: request
        for scheme in ("http://", "https://"):
            self.mount(scheme, HTTPAdapter(max_retries=retries))

    def get_adapter(self, url: str) -> HTTPAdapter:
        adapter = super().get_adapter(url)
        assert isinstance(adapter, HTTPAdapter)  # noqa: S101 - as mounted
        CONNECTIONS.lend_to(adapter, url)
        return adapter

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere: requests would read the address even where it is not followed, and fail on a malformed one."""
        return
