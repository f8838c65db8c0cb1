"""Stores by address: the scheme of a URL chooses what opens it.

Another distribution adds a scheme by an entry point of the group `nbexchange.stores`, called like the scheme, whose
object is a `StoreFactory`; a configuration file, by `register_store`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from urllib.parse import urlsplit

from traitlets.config import Configurable

from nbexchange.shared.section import Section, SettingsError
from nbexchange.storage.contract import ObjectStore, StoreFactory
from nbexchange.storage.local import LOCAL
from nbexchange.storage.s3_settings import S3

ENTRY_POINT_GROUP = "nbexchange.stores"

_registered: dict[str, StoreFactory] = {"file": LOCAL, "s3": S3}


def register_store(scheme: str, factory: StoreFactory) -> None:
    """Let `open_store` open addresses of this scheme, in this process."""
    _registered[scheme] = factory


def open_store(address: str, parent: Configurable | None = None) -> ObjectStore:
    """The store at `<scheme>://...` or in a directory, with the settings that the configuration of `parent` states.

    Raises `SettingsError` for an address or settings that cannot work, and what the store raises for its own.
    """
    factory = find_factory(address)
    settings = factory.section(parent=parent)
    settings.check()
    return factory.open(address, settings)


def find_factory(address: str) -> StoreFactory:
    """What opens this address; raises `SettingsError` for an unknown scheme."""
    factories = _all_factories()
    scheme = urlsplit(address).scheme or "file"
    if scheme not in factories:
        examples = ", ".join(factory.example for factory in factories.values())
        raise SettingsError(f"no store has addresses like {scheme}://...; the address is one of: {examples}")
    return factories[scheme]


def store_sections() -> Iterator[type[Section]]:
    """The settings that stores have; raises `SettingsError` where one of them cannot be loaded."""
    for factory in _all_factories().values():
        if factory.section is not Section:
            yield factory.section


def _all_factories() -> Mapping[str, StoreFactory]:
    return {**_registered, **{name: f for name, f in _installed().items() if name not in _registered}}


@cache
def _installed() -> Mapping[str, StoreFactory]:
    """The factories of other distributions, by scheme."""
    return {entry.name: _load(entry) for entry in entry_points(group=ENTRY_POINT_GROUP)}


def _load(entry: EntryPoint) -> StoreFactory:
    try:
        factory = entry.load()
    except (ImportError, AttributeError) as error:
        raise SettingsError(f"the store {entry.value} cannot be loaded: {error}") from error
    if not isinstance(factory, StoreFactory):
        raise SettingsError(f"the store {entry.value} is no StoreFactory")
    return factory
