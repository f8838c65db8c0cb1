"""`healthz` says that the process lives, `readyz` that it can work."""

from __future__ import annotations

import logging

from flask import Blueprint

from nbexchange.api.access.permissions import ANYBODY
from nbexchange.api.db import upgrade
from nbexchange.api.http.current import runtime
from nbexchange.api.http.operations import Operations
from nbexchange.api.problems import DependencyUnavailable
from nbexchange.api.wire import health as answers
from nbexchange.protocol import Health
from nbexchange.storage import StoreMisconfigured

log = logging.getLogger("nbexchange")

operations = Operations()


def routes() -> Blueprint:
    blueprint = Blueprint("health", __name__)
    operations.register(blueprint)
    return blueprint


@operations.add("GET", "healthz", requires=ANYBODY, answer=Health)
def healthz() -> Health:
    """Say that the process lives."""
    return answers.health()


@operations.add("GET", "readyz", requires=ANYBODY, answer=Health)
def readyz() -> Health:
    """Say that the database and the object store answer."""
    try:
        upgrade.require_current(runtime().database)
    except upgrade.SchemaOutdated:
        raise DependencyUnavailable(
            "database", "The database's schema is not one that this version works with."
        ) from None
    try:
        runtime().store.ready()
    except StoreMisconfigured as mistake:
        log.error("the object store cannot be used: %s", mistake)
        raise DependencyUnavailable("storage", f"The object store cannot be used: {mistake}.") from None
    return answers.health()
