"""What the settings are built into. What keeps connections is to be built in the process that uses it."""

from __future__ import annotations

import inspect
import logging
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

from traitlets.config import Configurable

from nbexchange import protocol
from nbexchange.api.auth import Authenticator
from nbexchange.api.auth.custom import CustomAuthenticator
from nbexchange.api.auth.tokens import StaticTokens, TokenFile
from nbexchange.api.config.addresses import try_address
from nbexchange.api.config.quotas import Quotas
from nbexchange.api.config.settings import NbExchange
from nbexchange.api.db.engine import Database, connect, parse_url
from nbexchange.api.runtime import Runtime
from nbexchange.shared.section import Section, SettingsError
from nbexchange.storage import ObjectStore, StoreUnavailable, open_store

log = logging.getLogger("nbexchange")


def build_runtime(settings: NbExchange, *, serving: bool = False) -> Runtime:
    """Everything that a request works with; the store and the authenticator when they are first needed.

    Where people wait (`serving`), each wait for the database has an end. Half of the threads may wait for the store.
    """
    return Runtime(
        build_database(settings, serving=serving),
        lambda: build_store(settings),
        lambda: build_authenticator(settings),
        build_limits(settings),
        build_quotas(settings),
        settings.database_roster,
        store_turns=BoundedSemaphore(max(1, settings.threads // 2)),
    )


def rehearse(settings: NbExchange) -> None:
    """Build everything once, so that a mistake shows in one sentence before any worker starts."""
    try:
        runtime = build_runtime(settings).open()
        runtime.database.engine.dispose()
    except (TypeError, ValueError, ImportError) as error:
        raise SettingsError(f"a setting cannot be used: {error}") from error
    if runtime.limits.max_buffer_size > runtime.store.max_put_size:
        largest = f"{runtime.store.max_put_size / (1 << 30):g} GiB"
        raise SettingsError(f"max_buffer_size is above {largest}, more than one upload can carry")
    _ask(runtime.store)
    try_address(settings.ip, settings.port)


def _ask(store: ObjectStore) -> None:
    """A store that cannot be used now may be usable later, and stops nothing; why not is worth a line in the log."""
    try:
        store.ready()
    except StoreUnavailable as failure:
        log.error("the object store cannot be used: %s", failure)


def build_database(settings: NbExchange, *, serving: bool = False) -> Database:
    """The database as a command uses it, or as the threads of a service do."""
    url = parse_url(settings.db_url)
    if url.get_backend_name() == "sqlite" and url.database:
        Path(url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        Path(url.database).open("ab").close()  # why it cannot be opened, SQLite does not say
    options: dict[str, Any] = {}
    if serving:
        # A connection for each thread, kept once it is there: to open one costs PostgreSQL more than a submission.
        options = {"timeout": settings.database_timeout, "pool_size": 2 * settings.threads, "max_overflow": 5}
    return connect(settings.db_url, echo=settings.debug_db, **{**options, **settings.db_kwargs})


def build_store(settings: NbExchange) -> ObjectStore:
    return open_store(settings.base_storage_location, settings)


def build_token_file(settings: NbExchange) -> TokenFile:
    return TokenFile(Path(settings.token_file))


def build_authenticator(settings: NbExchange) -> Authenticator:
    kind: Any = settings.user_plugin_class
    if issubclass(kind, StaticTokens):
        tokens: StaticTokens = kind(build_token_file(settings))
        return tokens
    authenticator = kind(parent=settings) if issubclass(kind, Configurable) else kind()
    if isinstance(authenticator, Section):
        authenticator.check()
    if hasattr(authenticator, "authenticate"):
        return authenticator  # type: ignore[no-any-return]  # an installation's own class
    if not hasattr(authenticator, "get_current_user"):
        raise SettingsError("user_plugin_class has no method get_current_user")
    if inspect.iscoroutinefunction(authenticator.get_current_user):
        raise SettingsError("get_current_user is `async def`: make it `def`, with plain calls in it")
    return CustomAuthenticator(authenticator)


def build_limits(settings: NbExchange) -> protocol.Limits:
    return protocol.Limits(
        settings.max_buffer_size,
        settings.max_unpacked_size,
        protocol.MAX_ITEMS,
        settings.max_unpacked_ratio,
        settings.max_members,
    )


def build_quotas(settings: NbExchange) -> protocol.Quotas:
    quotas = Quotas(parent=settings)
    quotas.check()
    return quotas.values()
