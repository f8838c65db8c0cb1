"""What belongs to the current request, found through the application: nothing lives in a module."""

from __future__ import annotations

from typing import cast

from flask import current_app, g

from nbexchange.api.access.identity import Identity
from nbexchange.api.runtime import Context, Runtime
from nbexchange.storage import StreamsBytes

EXTENSION = "nbexchange"


def runtime() -> Runtime:
    """What this process works with."""
    value: Runtime = current_app.extensions[EXTENSION]
    return value


def streaming_store() -> StreamsBytes:
    """The store, where bytes travel through this process."""
    return cast(StreamsBytes, runtime().store)


def caller() -> Identity:
    """The verified caller of this request."""
    identity: Identity = g.identity
    return identity


def context() -> Context:
    """For the verbs of the domain."""
    return Context(caller(), runtime())
