"""The service in this process, where a test sees what it does."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from copy import copy
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flask import Flask

from nbexchange.api.auth import Authenticator
from nbexchange.api.auth.tokens import StaticTokens, TokenFile
from nbexchange.api.config.quotas import Quotas
from nbexchange.api.db.engine import Database
from nbexchange.api.http.application import create_app
from nbexchange.api.http.current import EXTENSION
from nbexchange.api.runtime import Runtime
from nbexchange.protocol import MAX_ITEMS, Limits
from nbexchange.storage import ObjectStore
from nbexchange.storage.local import LocalStore
from support.people.callers import COURSE, SERVICE, Caller

LIMITS = Limits(max_buffer_size=1_000_000, max_unpacked_size=4_000_000, max_items=MAX_ITEMS)

PEOPLE = {
    "teacher": [("cs1", "Instructor")],
    "colleague": [("cs1", "Instructor")],
    "grader": [("cs1", "Grader")],
    "service:cs1": [("cs1", "Instructor")],
    "ada": [("cs1", "Student")],
    "ben": [("cs1", "Student")],
    "stranger": [("cs2", "Instructor")],
    "outsider": [("art", "Student")],
}
"""Who there is, with their courses. `other_*` are people of the same name in another organisation."""


def token_file_in(folder: Path) -> TokenFile:
    return TokenFile(folder / "tokens.json")


def runtime_of(
    database: Database,
    store: ObjectStore,
    authenticator: Authenticator,
    limits: Limits = LIMITS,
    quotas: Quotas | None = None,
    **options: Any,
) -> Runtime:
    """What the service works with, from parts that are made already."""
    values = (quotas or Quotas()).values()
    return Runtime(database, lambda: store, lambda: authenticator, limits, values, **options)


def runtime_in(folder: Path, database: Database, **options: Any) -> Runtime:
    """With its store and tokens in this folder; `options` are what `runtime_of` takes besides."""
    return runtime_of(database, LocalStore(folder / "store"), StaticTokens(token_file_in(folder)), **options)


_compiled_apps: dict[tuple[type, str], Flask] = {}


def app_of(runtime: Runtime, base_url: str = SERVICE) -> Flask:
    """The application on this runtime. Its routes are compiled once, since that takes as long as several requests."""
    kind = (type(runtime.store), base_url)
    if kind not in _compiled_apps:
        _compiled_apps[kind] = create_app(runtime, base_url)
    app = copy(_compiled_apps[kind])
    app.extensions = {EXTENSION: runtime}
    return app


def people_of(app: Flask, token_file: TokenFile) -> SimpleNamespace:
    """The callers: `people.ada.get("me")`."""
    tokens, users = _everybody()
    token_file.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    token_file.path.write_text(json.dumps({**token_file.users(), **users}))
    everybody = {
        name: Caller(name.removeprefix("other_"), app.test_client(), tokens[name]) for name in tokens
    }
    everybody["nobody"] = Caller("nobody", app.test_client(), None)
    everybody["impostor"] = Caller("impostor", app.test_client(), "not-a-token")
    return SimpleNamespace(**everybody)


@cache
def _everybody() -> tuple[dict[str, str], dict[str, Any]]:
    """The tokens, and what their file says of them: made once, since nearly every test needs them."""

    def token(name: str, org_id: int | str) -> str:
        courses = [{"course_id": c, "course_role": r} for c, r in PEOPLE[name]]
        contact = {"full_name": f"{name.title()} van Test", "email": f"{name}@example.org"}
        return file.create({"name": name, "org_id": org_id, "courses": courses, **contact})

    with tempfile.TemporaryDirectory() as folder:
        file = token_file_in(Path(folder))
        tokens = {name: token(name, 1) for name in PEOPLE}
        tokens |= {f"other_{name}": token(name, 2) for name in ("teacher", "ada")}
        return tokens, file.users()


def callers_in_process(database: Database, folder: Path) -> Callable[[str, str], Caller]:
    """Gives a function that makes somebody in the course, by name and role."""
    tokens = token_file_in(folder)
    tireless = Quotas(submissions_per_minute=0, submissions_per_day=0)
    app = app_of(runtime_in(folder, database, quotas=tireless))

    def caller(name: str, role: str) -> Caller:
        user = {"name": name, "courses": [{"course_id": COURSE, "course_role": role}]}
        return Caller(name, app.test_client(), tokens.create(user))

    return caller
