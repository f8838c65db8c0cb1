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
    with services().database.engine.connect() as connection:
        if schema.current_revision(connection) != schema.head_revision():
            raise Unavailable("database", "The database's schema is not the one of this version.")
    services().store.ready()
    return reply({"status": "ok"})
