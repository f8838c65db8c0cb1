"""Where the service is, and who is calling: the part that an installation may replace."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urljoin

from nbexchange.plugin.failures import TransferFailed
from nbexchange.plugin.messages import say

SERVICE_VARIABLES = ("NBEXCHANGE_URL", "NAAS_BASE_URL")


class ApiCredentials:
    """How a request is addressed and who makes it. Subclass it for credentials of another kind."""

    def prep_api_call(self, path: str) -> tuple[str, dict[str, str], dict[str, str]]:
        """URL, cookies and headers for `path` below the service. Called with the Exchange as `self`."""
        token = os.environ.get("JUPYTERHUB_API_TOKEN", "").strip()  # from a file, it may end with its line
        headers = {"Authorization": f"token {token}"} if token else {}
        return service_url(self) + path, {}, headers


def service_url(exchange: Any) -> str:
    """The address of the service, with a slash at its end."""
    try:
        url: str = urljoin(exchange.base_service_url, exchange.base_path)
    except ValueError:
        raise TransferFailed(say("service-address")) from None
    return url if url.endswith("/") else url + "/"
