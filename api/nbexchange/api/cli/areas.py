"""Which settings a command makes use of: on its command line it refuses the others, which would have no effect.

In a file and in the environment, which all commands share, they may stand.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from traitlets.config import Config

from nbexchange.api.config.settings import NbExchange
from nbexchange.api.config.sources import sections
from nbexchange.storage.registry import store_sections

EVERY_COMMAND = {"config_file", "data_dir", "debug"}

SETTINGS: Mapping[str, Collection[str]] = {
    "database": {"db_url", "db_kwargs", "database_timeout", "database_patience", "debug_db"},
    "store": {"base_storage_location"},
    "trials": {"accepted_store_risks"},
    "tokens": {"token_file"},
    "rosters": {"database_roster"},
}
"""Those of `c.NbExchange` by area; all that are in none are the running service's, the area `service`."""


def find_ignored(stated: Config, areas: Collection[str]) -> str | None:
    """The first of the settings that a command of these areas would ignore, as it is written on a command line."""
    stores = {section.__name__ for section in store_sections()}
    for section, settings in stated.items():
        for name in settings if section in sections() else ():
            if section == NbExchange.__name__:
                is_used = area_of(name) in (None, *areas)
            else:
                is_used = ("store" if section in stores else "service") in areas
            if not is_used:
                return f"--{section}.{name}"
    return None


def area_of(name: str) -> str | None:
    """Of a setting of `c.NbExchange`; None for one that every command uses."""
    if name in EVERY_COMMAND:
        return None
    return next((area for area, names in SETTINGS.items() if name in names), "service")
