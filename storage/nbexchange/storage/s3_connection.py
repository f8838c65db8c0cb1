"""Asks an object store over one pool of connections, which all threads share."""

from __future__ import annotations

import os
import random
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import urllib3
from botocore.httpsession import ProxyConfiguration, get_cert_path
from botocore.utils import get_environ_proxies

from nbexchange.shared.deadlines import seconds_left
from nbexchange.storage.capabilities import SignedRequest
from nbexchange.storage.contract import StoreUnavailable

CONNECTIONS = 32
CONNECT_TIMEOUT = 2.0
BACKOFF = 0.05
"""Seconds until it is tried again, at most."""
PASSING = {429, 500, 502, 503, 504}
"""Statuses after which it is tried again."""


def check_deadline(timeout: float) -> None:
    """Before each try: what is not sure to be answered by the deadline is not asked."""
    if seconds_left() < timeout:
        raise StoreUnavailable("the object store was not asked: there was no time left for its answer")


@dataclass(eq=False)
class S3Connection:
    """To one host. Its proxy, and whom it trusts, it takes from the environment as botocore does."""

    origin: str
    timeout: float
    ca_bundle: str | None = None
    pool: urllib3.HTTPConnectionPool = field(init=False, repr=False)
    is_passed_on: bool = field(init=False, repr=False)
    """Whether a proxy reads the requests, which have to tell it the host."""

    def __post_init__(self) -> None:
        proxies = ProxyConfiguration(get_environ_proxies(self.origin))
        proxy = proxies.proxy_url_for(self.origin)
        self.is_passed_on = proxy is not None and urlsplit(self.origin).scheme == "http"
        options: dict[str, Any] = {
            "maxsize": CONNECTIONS,
            "timeout": urllib3.Timeout(connect=min(CONNECT_TIMEOUT, self.timeout), read=self.timeout),
            "cert_reqs": "CERT_REQUIRED",
            "ca_certs": get_cert_path(self.ca_bundle or os.environ.get("REQUESTS_CA_BUNDLE") or True),
        }
        manager = (
            urllib3.PoolManager(**options)
            if proxy is None
            else urllib3.ProxyManager(proxy, proxy_headers=proxies.proxy_headers_for(proxy), **options)
        )
        self.pool = manager.connection_from_url(self.origin)

    def ask(self, request: SignedRequest) -> urllib3.BaseHTTPResponse:
        """The answer, whatever it is. The request is one that may be carried out twice."""
        with suppress(urllib3.exceptions.HTTPError):
            answer = self._send(request)
            if answer.status not in PASSING:
                return answer
        time.sleep(random.uniform(0, BACKOFF))  # noqa: S311 - no secret
        return self._send(request)

    def _send(self, request: SignedRequest) -> urllib3.BaseHTTPResponse:
        check_deadline(self.timeout)
        return self.pool.urlopen(
            request.method,
            request.url if self.is_passed_on else request.url.removeprefix(self.origin),
            headers=request.headers,
            retries=False,
            redirect=False,
            assert_same_host=False,
            decode_content=False,
        )
