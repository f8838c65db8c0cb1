"""Where settings come from: the configuration file and the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from pathlib import Path

from traitlets.config import Config
from traitlets.config.loader import ConfigFileNotFound, DeferredConfigString, PyFileConfigLoader

from nbexchange.api.settings import CONFIG_FILE, NbExchange, SettingsError

SECTION = NbExchange.__name__
PREFIX = "NBEXCHANGE_"
FLAG_ONLY = {"reset_db"}
OLDER_VARIABLES = {"db_url": "NBEX_DB_URL", "base_storage_location": "NBEX_BASE_STORE"}
OLDER_SETTINGS = {"timezone", "timestamp_format", "log_level", "log_format", "log_datefmt", "logging_config"}
"""What files for nbexchange 1 and 2 may contain, and nothing here depends on."""
OTHER_VARIABLES = {"NBEXCHANGE_URL", "NBEXCHANGE_TEST_DATABASE_URL"}
"""What else has the prefix: the plugin's variable and the tests'."""
OF_KUBERNETES = re.compile(r"NBEXCHANGE_(SERVICE|PORT)_\w+")
"""What it tells every container where a Service is called `nbexchange`; also `NBEXCHANGE_PORT=tcp://10.0.0.1:9000`."""


def names() -> list[str]:
    """The settings in the order in which they are declared."""
    own = NbExchange.class_traits(config=True)
    return [name for name in vars(NbExchange) if name in own]


def variables(name: str) -> list[str]:
    """The environment variables that state a setting, the strongest first."""
    if name in FLAG_ONLY:
        return []
    older = OLDER_VARIABLES.get(name)
    return [PREFIX + name.upper(), *([older] if older else [])]


def environment() -> Config:
    """The settings that environment variables state; an empty variable states nothing."""
    config = Config()
    for name in names():
        stated = (os.environ.get(variable, "") for variable in variables(name))
        if value := next((value for value in stated if value and not value.startswith("tcp://")), None):
            config[SECTION][name] = DeferredConfigString(value)
    return config


def unknown_variables() -> Iterator[str]:
    """A sentence for each variable with our prefix that states no setting."""
    known = {variable for name in names() for variable in variables(name)}
    for variable in sorted(os.environ):
        if OF_KUBERNETES.fullmatch(variable):
            continue
        if variable.startswith(PREFIX) and variable not in known | OTHER_VARIABLES:
            name = variable.removeprefix(PREFIX).lower()
            if name in FLAG_ONLY:
                yield f"{variable} has no effect: {name} is a flag of the command line only"
            else:
                yield f"{variable} states no setting{suggestion(name, lambda near: PREFIX + near.upper())}"


def read_file(place: str) -> Config:
    """What the configuration file says; the one at the default place may be missing."""
    path = Path(place).absolute()
    try:
        config = PyFileConfigLoader(path.name, str(path.parent)).load_config()
    except ConfigFileNotFound:
        if place == CONFIG_FILE:
            return Config()
        raise SettingsError(f"there is no configuration file {place}") from None
    if FLAG_ONLY & config.get(SECTION, {}).keys():
        raise SettingsError("reset_db is refused in a file: it would drop the database at every start")
    return config


def refuse_unknown(config: Config) -> None:
    """Raise `SettingsError` for a setting or section that is probably misspelt: it would have no effect."""
    for section in config:
        if section != SECTION and get_close_matches(section.lower(), [SECTION.lower()], cutoff=0.9):
            raise SettingsError(f"c.{section} is no section: did you mean c.{SECTION}?")
    for name in config.get(SECTION, {}):
        if name not in {*names(), *OLDER_SETTINGS}:
            near = suggestion(name, lambda near: f"c.{SECTION}.{near}")
            raise SettingsError(f"c.{SECTION}.{name} is no setting{near}")


def drop_older(config: Config) -> Iterator[str]:
    """Take out the settings that only older versions had, with a sentence for each."""
    section = config.get(SECTION, {})
    for name in sorted(OLDER_SETTINGS & section.keys()):
        del section[name]
        yield f"c.{SECTION}.{name} of older versions has no effect"


def suggestion(name: str, spell: Callable[[str], str]) -> str:
    """The setting with the nearest name, as whoever misspelt it would spell it."""
    found = get_close_matches(name, names(), n=1)
    return f": did you mean {spell(found[0])}?" if found else ""
