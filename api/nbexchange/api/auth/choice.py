"""Which authenticator an installation uses: one of ours by its short name, or a class of its own."""

from __future__ import annotations

import os
from typing import Any

from traitlets import TraitError, Type
from traitlets.utils.importstring import import_item

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
        return super().validate(obj, find_class(chosen) if isinstance(chosen, str) else chosen)


def find_class(name: str) -> Any:
    """What a short name of ours or a dotted path stands for; raises `TraitError`."""
    try:
        return import_item(SHORT_NAMES.get(name, name))
    except Exception as error:
        raise TraitError(
            f"c.NbExchange.user_plugin_class is {name!r}, which is none of {', '.join(SHORT_NAMES)} and cannot be "
            f"imported: {type(error).__name__}: {error}"
        ) from error


def default_choice() -> str:
    """A hub's tokens where the environment says that this is a service of a hub, else static ones."""
    is_service = os.environ.get("JUPYTERHUB_SERVICE_NAME") and os.environ.get("JUPYTERHUB_API_URL")
    return "jupyterhub" if is_service else "tokens"
