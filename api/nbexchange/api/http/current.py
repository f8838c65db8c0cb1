"""What belongs to the current request, found through the application: nothing lives in a module."""

from __future__ import annotations

from typing import cast

from flask import current_app, g, request

from nbexchange.api.access.identity import Identity
from nbexchange.api.runtime import Context, Runtime
from nbexchange.protocol import FIRST_REVISION, PROTOCOL_HEADER
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


def stated_revision() -> int:
    """The revision of the protocol that the client states; one that states none is taken for the first."""
    return int(request.headers.get(PROTOCOL_HEADER, FIRST_REVISION))


def context() -> Context:
    """For the verbs of the domain."""
    return Context(caller(), runtime())
