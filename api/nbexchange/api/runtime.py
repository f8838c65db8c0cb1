"""What a request works with, made once per process and found through the app: nothing lives in a module."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, g

from nbexchange.api.access.identity import Identity
from nbexchange.api.auth import Authenticator
from nbexchange.api.db.engine import Database
from nbexchange.protocol import Limits, Quotas
from nbexchange.storage import ObjectStore

EXTENSION = "nbexchange"


@dataclass(frozen=True)
class Services:
    database: Database
    store: ObjectStore
    authenticator: Authenticator
    limits: Limits
    quotas: Quotas
    has_rosters: bool = False
    """Whether the rosters in the database give people roles."""


def services() -> Services:
    found: Services = current_app.extensions[EXTENSION]
    return found


def caller() -> Identity:
    """The verified caller of this request."""
    identity: Identity = g.identity
    return identity
