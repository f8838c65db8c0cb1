"""What the verbs of the domain work with: who is calling, and what a process made once. Nothing lives in a module."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Self

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from nbexchange.api.access.identity import Identity
from nbexchange.api.db.engine import Database, clock, session_on
from nbexchange.api.db.find_or_create import PersonRow, lock_people, store_contact
from nbexchange.protocol import Limits, Quotas
from nbexchange.shared.deadlines import seconds_left
from nbexchange.storage import ObjectStore, StoreUnavailable

if TYPE_CHECKING:
    from nbexchange.api.auth import Authenticator


TURN_PATIENCE = 2.0
"""Seconds that a request waits for its turn at the store."""


@dataclass(frozen=True)
class Runtime:
    """Made once per process, from the settings. A command that needs no store opens none."""

    database: Database
    open_store: Callable[[], ObjectStore]
    make_authenticator: Callable[[], Authenticator]
    limits: Limits
    quotas: Quotas
    has_rosters: bool = False
    """Whether the rosters in the database give people roles."""
    store_turns: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(4))
    """How many requests may wait for the store at a time: fewer than there are threads."""

    @cached_property
    def store(self) -> ObjectStore:
        return self.open_store()

    @cached_property
    def authenticator(self) -> Authenticator:
        return self.make_authenticator()

    @contextmanager
    def asking_store(self) -> Iterator[ObjectStore]:
        """The store, to be asked over the network; raises `StoreUnavailable` when too many are waiting for it."""
        if not self.store_turns.acquire(timeout=min(TURN_PATIENCE, seconds_left())):
            raise StoreUnavailable("too many requests are waiting for it")
        try:
            yield self.store
        finally:
            self.store_turns.release()

    def open(self) -> Self:
        """Make what is made when it is first needed: before there are threads, and where a mistake in it is told."""
        self.store, self.authenticator  # noqa: B018 - built once, here
        return self


@dataclass(frozen=True)
class Context:
    """What every verb of the domain takes beside its request. The verb opens its transactions itself."""

    caller: Identity
    runtime: Runtime

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        with self.runtime.database.connect() as connection, Transaction.on(connection, self) as transaction:
            yield transaction

    @contextmanager
    def write(self, *, dry_run: bool = False) -> Iterator[Transaction]:
        """Committed at the end; rolled back by any exception, and by a dry run."""
        database = self.runtime.database
        with database.begin(dry_run=dry_run) as connection, Transaction.on(connection, self) as transaction:
            yield transaction


@dataclass(frozen=True)
class Transaction:
    """One transaction of a caller, with its instant."""

    connection: Connection
    caller: Identity
    runtime: Runtime
    _stack: ExitStack = field(default_factory=ExitStack, init=False, repr=False)

    @classmethod
    @contextmanager
    def on(cls, connection: Connection, context: Context) -> Iterator[Transaction]:
        transaction = cls(connection, context.caller, context.runtime)
        with transaction._stack:
            yield transaction

    @cached_property
    def session(self) -> Session:
        """For what works with entities."""
        return self._stack.enter_context(session_on(self.connection))

    @cached_property
    def now(self) -> datetime:
        """The database's time, read when it is first asked for: a verb that stamps asks under its locks."""
        return clock(self.connection)

    def lock_people(self, names: Collection[str] = ()) -> Mapping[str, PersonRow]:
        """The rows of the caller and of the others who are named, locked until the transaction ends.

        The lock makes one person's writes take turns: stamps, attempts and limits are counted under it. What the
        identity states about the caller is stored; what it omits stays.
        """
        people = lock_people(self.connection, self.caller.org_id, {self.caller.name, *names})
        store_contact(self.connection, people[self.caller.name], self.caller.contact)
        return people

    def lock_caller(self) -> PersonRow:
        """The caller's own row, locked in the same way."""
        return self.lock_people()[self.caller.name]
