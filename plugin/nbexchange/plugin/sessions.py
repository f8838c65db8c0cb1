"""Connections to the service and to the file store."""

from __future__ import annotations

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry


class Session(requests.Session):
    """Sends what it is given to where it is told, and nothing else to anywhere else.

    Proxies and certificates come from the environment, as usual.
    """

    def __init__(self, retries: Retry) -> None:
        super().__init__()
        # Any value but None keeps requests from looking into ~/.netrc and into the URL for credentials.
        self.auth = lambda request: request
        for scheme in ("http://", "https://"):
            self.mount(scheme, HTTPAdapter(max_retries=retries))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere: requests would read the address even where it is not followed, and fail on a malformed one."""
        return
