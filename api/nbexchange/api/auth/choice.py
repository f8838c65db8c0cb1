"""Which authenticator an installation uses: one of ours by its short name, or a class of its own."""

from __future__ import annotations

import os
from typing import Any

from traitlets import Type

SHORT_NAMES = {
    "jupyterhub": "nbexchange.api.auth.jupyterhub.JupyterHubAuthenticator",
    "jwt": "nbexchange.api.auth.jwt.JwtAuthenticator",
    "proxy": "nbexchange.api.auth.proxy.ProxyAuthenticator",
    "tokens": "nbexchange.api.auth.tokens.StaticTokens",
}


class AuthenticatorClass(Type):  # type: ignore[type-arg]  # of any class that says who is calling
    """A class, its dotted path, or a short name of ours."""

    def validate(self, obj: Any, value: Any) -> Any:
        chosen = default_choice() if value is None else value  # older files say None for the default
        return super().validate(obj, SHORT_NAMES.get(chosen, chosen) if isinstance(chosen, str) else chosen)


def default_choice() -> str:
    """A hub's tokens where the environment says that this is a service of a hub, else static ones."""
    is_service = os.environ.get("JUPYTERHUB_SERVICE_NAME") and os.environ.get("JUPYTERHUB_API_URL")
    return "jupyterhub" if is_service else "tokens"
