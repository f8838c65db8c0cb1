"""The notebook server in whose terminal a command runs, where a JupyterHub started it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import requests


@dataclass(frozen=True)
class OwnServer:
    """`url` is where it listens, `public_url` what a browser calls it: a path alone, where no more is known."""

    url: str
    public_url: str
    token: str = field(repr=False)

    def ask_as_a_frame(self, path: str, timeout: float) -> requests.Response | None:
        """What it answers to a page that shows `path` in a frame; None where it cannot be asked."""
        headers = {"Authorization": f"token {self.token}", "Sec-Fetch-Dest": "iframe"}
        with requests.Session() as session:
            session.trust_env = False  # no proxy leads to this machine's own address
            try:
                return session.get(self.url + path, headers=headers, timeout=timeout, allow_redirects=False)
            except (requests.RequestException, ValueError):
                return None


def own_server() -> OwnServer | None:
    """As the hub's variables describe it; None outside of a hub."""
    prefix = os.environ.get("JUPYTERHUB_SERVICE_PREFIX", "")
    url = os.environ.get("JUPYTERHUB_SERVICE_URL", "")
    if not prefix or not url:
        return None
    public_url = os.environ.get("JUPYTERHUB_PUBLIC_URL") or prefix
    return OwnServer(url, public_url, os.environ.get("JUPYTERHUB_API_TOKEN", ""))
