"""`healthz` says that the process lives, `readyz` that it can work. Anybody may ask."""

from __future__ import annotations

from flask import Blueprint, Response

from nbexchange.api import schema
from nbexchange.api.problems import Unavailable
from nbexchange.api.services import services
from nbexchange.api.web import reply

blueprint = Blueprint("health", __name__)


@blueprint.get("healthz")
def healthz() -> Response:
    return reply({"status": "ok"})


@blueprint.get("readyz")
def readyz() -> Response:
    try:
        schema.require_current(services().database)
    except schema.SchemaOutdated:
        raise Unavailable("database", "The database's schema is not the one of this version.") from None
    services().store.ready()
    return reply({"status": "ok"})
