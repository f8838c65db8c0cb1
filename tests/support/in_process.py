"""The service in this process, where a test sees what it does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from nbexchange.api.auth.tokens import StaticTokens, TokenFile
from nbexchange.api.config.quotas import Quotas
from nbexchange.api.db.engine import Database
from nbexchange.api.http.application import create_app
from nbexchange.api.runtime import Services
from nbexchange.protocol import MAX_ITEMS, Limits
from nbexchange.storage.local import LocalStore
from support.callers import COURSE, SERVICE, Caller


def callers_in_process(database: Database, folder: Path) -> Callable[[str, str], Caller]:
    """Gives a function that makes somebody in the course, by name and role."""
    tokens = TokenFile(folder / "tokens.json")
    limits = Limits(max_buffer_size=10**6, max_unpacked_size=4 * 10**6, max_items=MAX_ITEMS)
    store, known = LocalStore(folder / "store"), StaticTokens(tokens)
    tireless = Quotas(submissions_per_minute=0, submissions_per_day=0).values()
    app = create_app(Services(database, store, known, limits, tireless), SERVICE)

    def caller(name: str, role: str) -> Caller:
        user = {"name": name, "courses": [{"course_id": COURSE, "course_role": role}]}
        return Caller(name, app.test_client(), tokens.create(user))

    return caller
