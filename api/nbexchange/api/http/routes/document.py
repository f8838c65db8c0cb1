"""`v1/openapi.json`: what the API is, for programs and for people who write one."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import Blueprint

from nbexchange.api.access.permissions import ANYBODY
from nbexchange.api.http import openapi
from nbexchange.api.http.operations import Operations
from nbexchange.api.http.routes import health, v1


def routes(base_url: str) -> Blueprint:
    """The document of the service that is under `base_url`, made when it is first asked for."""
    blueprint = Blueprint("document", __name__)
    operations = Operations()

    @cache
    def describe() -> dict[str, Any]:
        groups = {"/v1": [*v1.operations(), *operations.all], "/": health.operations.all}
        return openapi.describe(groups, base_url)

    @operations.add("GET", "/openapi.json", requires=ANYBODY, answer=None)
    def read_document() -> dict[str, Any]:
        """Describe the API: this document."""
        return describe()

    operations.register(blueprint)
    return blueprint
