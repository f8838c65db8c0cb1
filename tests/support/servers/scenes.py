"""Scenes: what people did before a test begins, done once in each process and for each kind of database, and copied."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flask import Flask

from nbexchange.api.db.engine import Database
from support.database.copies import Databases
from support.servers.in_process import app_of, people_of, runtime_in, token_file_in

Build = Callable[[SimpleNamespace], Any]
"""What the people do; gives what a test wants to know of it."""


@dataclass(frozen=True)
class Exchange:
    """An exchange in this process after a scene."""

    database: Database
    app: Flask
    people: SimpleNamespace
    told: Any


@dataclass(frozen=True)
class Scene:
    """A scene that is kept to be copied."""

    folder: Path
    db_url: str
    people: SimpleNamespace
    told: Any


class Scenes:
    """Those of one kind of database. `options` are settings of the service, as `runtime_of` names them."""

    def __init__(
        self, kind: str, databases: Databases, new_folder: Callable[[], Path], stack: ExitStack
    ) -> None:
        self._kind = kind
        self._databases = databases
        self._new_folder = new_folder
        self._stack = stack
        self._kept: dict[Build, Scene] = {}
        self._shared: dict[Build, Exchange] = {}

    def shared(self, build: Build, **options: Any) -> Exchange:
        """One copy for all tests that change nothing; call `discard` once it was changed."""
        if build not in self._shared:
            copy = self.copied(build, **options)
            self._shared[build] = self._stack.enter_context(copy)
        return self._shared[build]

    def discard(self, build: Build) -> None:
        del self._shared[build]

    @contextmanager
    def copied(self, build: Build, **options: Any) -> Iterator[Exchange]:
        """A copy that the test may change."""
        scene = self._scene(build, **options)
        folder = self._new_folder()
        shutil.copytree(scene.folder, folder, ignore=shutil.ignore_patterns("*.sqlite*"), dirs_exist_ok=True)
        with (
            self._databases.copied(self._kind, folder, scene.db_url) as db_url,
            self._databases.connected(db_url) as database,
        ):
            app = app_of(runtime_in(folder, database, **options))
            people = {
                name: replace(who, client=app.test_client()) for name, who in vars(scene.people).items()
            }
            yield Exchange(database, app, SimpleNamespace(**people), scene.told)

    def _scene(self, build: Build, **options: Any) -> Scene:
        if build not in self._kept:
            folder = self._new_folder()
            db_url = self._stack.enter_context(self._databases.copied(self._kind, folder))
            with self._databases.connected(db_url) as database:
                app = app_of(runtime_in(folder, database, **options))
                people = people_of(app, token_file_in(folder))
                self._kept[build] = Scene(folder, db_url, people, build(people))
        return self._kept[build]
