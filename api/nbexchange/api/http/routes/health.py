"""`healthz` says that the process lives, `readyz` that it can work. Anybody may ask."""

from __future__ import annotations

from flask import Blueprint

from nbexchange.api.db import upgrade as schema
from nbexchange.api.http.routes.operations import Operations
from nbexchange.api.problems import Unavailable
from nbexchange.api.runtime import services
from nbexchange.protocol import Health

blueprint = Blueprint("health", __name__)
operations = Operations(blueprint, needs_identity=False)


@operations.add("GET", "healthz", answer=Health)
def healthz() -> Health:
    """Anybody: the process lives."""
    return Health()


@operations.add("GET", "readyz", answer=Health)
def readyz() -> Health:
    """Anybody: the database and the store answer."""
    try:
        schema.require_current(services().database)
    except schema.SchemaOutdated:
        raise Unavailable("database", "The database's schema is not the one of this version.") from None
    services().store.ready()
    return Health()
