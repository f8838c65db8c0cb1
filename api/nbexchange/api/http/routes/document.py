"""`v1/openapi.json`: what the API is, for programs and for whoever writes one."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import Blueprint

from nbexchange.api.http import openapi
from nbexchange.api.http.routes import health, v1
from nbexchange.api.http.routes.operations import Operations


def routes(base_url: str) -> Blueprint:
    """The document of the service that is under `base_url`."""
    blueprint = Blueprint("document", __name__)
    operations = Operations(blueprint, needs_identity=False)

    @operations.add("GET", "/openapi.json", answer=None)
    def read_document() -> dict[str, Any]:
        """Anybody: this document."""
        return document()

    @cache  # and not at once: most processes are never asked
    def document() -> dict[str, Any]:
        groups = {"/v1": [*v1.operations.all, *operations.all], "/": health.operations.all}
        return openapi.describe(groups, base_url)

    return blueprint
