"""The service in this process, where a test sees what it does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from nbexchange.api.auth import Authenticator
from nbexchange.api.auth.tokens import StaticTokens, TokenFile
from nbexchange.api.config.quotas import Quotas
from nbexchange.api.db.engine import Database
from nbexchange.api.http.application import create_app
from nbexchange.api.runtime import Runtime
from nbexchange.protocol import MAX_ITEMS, Limits
from nbexchange.storage import ObjectStore
from nbexchange.storage.local import LocalStore
from support.people.callers import COURSE, SERVICE, Caller


def runtime_of(
    database: Database,
    store: ObjectStore,
    authenticator: Authenticator,
    limits: Limits,
    quotas: Quotas | None = None,
    **values: bool,
) -> Runtime:
    """What the service works with, from parts that are made already."""
    counted = (quotas or Quotas()).values()
    return Runtime(database, lambda: store, lambda: authenticator, limits, counted, **values)


def callers_in_process(database: Database, folder: Path) -> Callable[[str, str], Caller]:
    """Gives a function that makes somebody in the course, by name and role."""
    tokens = TokenFile(folder / "tokens.json")
    limits = Limits(max_buffer_size=10**6, max_unpacked_size=4 * 10**6, max_items=MAX_ITEMS)
    store, known = LocalStore(folder / "store"), StaticTokens(tokens)
    tireless = Quotas(submissions_per_minute=0, submissions_per_day=0)
    app = create_app(runtime_of(database, store, known, limits, tireless), SERVICE)

    def caller(name: str, role: str) -> Caller:
        user = {"name": name, "courses": [{"course_id": COURSE, "course_role": role}]}
        return Caller(name, app.test_client(), tokens.create(user))

    return caller
