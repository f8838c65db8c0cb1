"""What belongs to the current request, found through the application: nothing lives in a module."""

from __future__ import annotations

from flask import current_app, g

from nbexchange.api.access.identity import Identity
from nbexchange.api.runtime import Context, Runtime

EXTENSION = "nbexchange"


def runtime() -> Runtime:
    """What this process works with."""
    value: Runtime = current_app.extensions[EXTENSION]
    return value


def caller() -> Identity:
    """The verified caller of this request."""
    identity: Identity = g.identity
    return identity


def context() -> Context:
    """For the verbs of the domain."""
    return Context(caller(), runtime())
