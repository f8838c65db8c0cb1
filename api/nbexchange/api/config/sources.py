"""Where settings come from: the configuration file and the environment."""

from __future__ import annotations

import os
import re
from ast import literal_eval
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from traceback import extract_tb
from typing import Any

from traitlets import List
from traitlets.config import Config
from traitlets.config.loader import (
    ConfigFileNotFound,
    DeferredConfigString,
    JSONFileConfigLoader,
    PyFileConfigLoader,
)

from nbexchange.api.auth.jupyterhub import JupyterHubAuthenticator
from nbexchange.api.auth.jwt import JwtAuthenticator
from nbexchange.api.auth.proxy import ProxyAuthenticator
from nbexchange.api.config.quotas import Quotas
from nbexchange.api.config.settings import CONFIG_FILE, NbExchange
from nbexchange.shared.section import Section, SettingsError
from nbexchange.storage.registry import store_sections

PREFIX = NbExchange.variable_prefix
FLAG_ONLY = {"reset_db"}
OLDER_VARIABLES = {"db_url": "NBEX_DB_URL", "base_storage_location": "NBEX_BASE_STORE"}
OLDER_SETTINGS = {"timezone", "timestamp_format", "log_level", "log_format", "log_datefmt", "logging_config"}
"""What files for nbexchange 1 and 2 may contain, and has no effect here."""
OTHER_VARIABLES = {
    "NBEXCHANGE_URL",
    "NBEXCHANGE_API_TOKEN",
    "NBEXCHANGE_API_TOKEN_FILE",
    "NBEXCHANGE_TEST_DATABASE_URL",
}
"""What else has the prefix: the plugin's variables and the tests'."""
KUBERNETES_VARIABLE = re.compile(r"NBEXCHANGE_(SERVICE|PORT)_\w+")
"""What Kubernetes sets in every container where a Service is called `nbexchange`; also `NBEXCHANGE_PORT=tcp://10.0.0.1:9000`."""


def sections() -> Mapping[str, type[Section]]:
    """All sections by name: ours, and those of the stores that are installed or registered by now."""
    authenticators = (JupyterHubAuthenticator, JwtAuthenticator, ProxyAuthenticator)
    every: list[type[Section]] = [NbExchange, Quotas, *store_sections(), *authenticators]
    return {section.__name__: section for section in every}


def variables(section: type[Section], name: str) -> list[str]:
    """The environment variables that state a setting, the strongest first."""
    if name in FLAG_ONLY:
        return []
    older = OLDER_VARIABLES.get(name) if section is NbExchange else None
    return [section.variable_prefix + name.upper(), *([older] if older else [])]


def all_variables() -> dict[str, tuple[type[Section], str]]:
    """Every variable that states a setting, with the section and the name of what it states."""
    return {
        variable: (section, name)
        for section in sections().values()
        for name in section.settings()
        for variable in reversed(variables(section, name))
    }


def environment() -> Config:
    """The settings that environment variables state; an empty variable states nothing."""
    config = Config()
    for variable, (section, name) in all_variables().items():
        value = os.environ.get(variable, "")
        if value and not value.startswith("tcp://"):
            config[section.__name__][name] = read_text(section, name, value)
    return config


def read_text(section: type[Section], name: str, text: str) -> Any:
    """What a variable says. A list is read here: traitlets takes the text of one for its only element."""
    if isinstance(section.class_traits()[name], List):
        with suppress(ValueError, SyntaxError):
            return literal_eval(text)
    return DeferredConfigString(text)


def unknown_variables() -> Iterator[str]:
    """A sentence for each variable with our prefix that states no setting."""
    names = all_variables().keys()
    for variable in sorted(os.environ):
        if not variable.startswith(PREFIX) or variable in names | OTHER_VARIABLES or is_kubernetes(variable):
            continue
        name = variable.removeprefix(PREFIX)
        if name.lower() in FLAG_ONLY:
            yield f"{variable} has no effect: {name.lower()} is a flag of the command line only"
        else:
            near = suggestion(name, [other.removeprefix(PREFIX) for other in names], spell=PREFIX.__add__)
            yield f"{variable} states no setting{near}"


def is_kubernetes(variable: str) -> bool:
    return KUBERNETES_VARIABLE.fullmatch(variable) is not None


def read_file(file: str) -> Config:
    """What the configuration file says; the one at the default path may be missing."""
    path = Path(file).absolute()
    try:
        loader = JSONFileConfigLoader if path.suffix == ".json" else PyFileConfigLoader
        config = loader(path.name, str(path.parent)).load_config()
    except ConfigFileNotFound:
        if file == CONFIG_FILE:
            return Config()
        raise SettingsError(f"there is no configuration file {file}") from None
    except Exception as error:
        raise SettingsError(f"{file} cannot be read: {_mistake(error, str(path))}") from error
    if FLAG_ONLY & config.get(NbExchange.__name__, {}).keys():
        raise SettingsError("reset_db is refused in a file: it would drop the database at every start")
    return config


def _mistake(error: Exception, path: str) -> str:
    """What is wrong with a file, and in which of its lines."""
    lines = [frame.lineno for frame in extract_tb(error.__traceback__) if frame.filename == path]
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    if isinstance(error, SyntaxError) and error.filename == path:
        lines = [error.lineno]
    where = f"line {lines[-1]}: " if lines else ""
    return f"{where}{type(error).__name__}: {text}"


def refuse_unknown(config: Config) -> None:
    """Raise `SettingsError` for a setting or section that is probably misspelt: it would have no effect."""
    names = sections()
    for name in config:
        if name in names:
            _refuse_unknown_settings(names[name], config[name])
        elif near := get_close_matches(name.lower(), [other.lower() for other in names], n=1, cutoff=0.9):
            meant = next(other for other in names if other.lower() == near[0])
            raise SettingsError(f"c.{name} is no section: did you mean c.{meant}?")


def _refuse_unknown_settings(section: type[Section], stated: Mapping[str, object]) -> None:
    accepted = {*section.settings(), *(OLDER_SETTINGS if section is NbExchange else ())}
    for name in stated.keys() - accepted:
        spellings = _spellings(section)
        near = suggestion(name, spellings, spell=spellings.__getitem__)
        raise SettingsError(f"c.{section.__name__}.{name} is no setting{near}")


def _spellings(section: type[Section]) -> dict[str, str]:
    """What to write for each name that may be looked for in this section.

    Beside its own settings, a name is what follows the section's prefix in an environment variable: settings that have
    moved to a section of their own are found by their older name.
    """
    prefix = section.variable_prefix
    elsewhere = {
        variable.removeprefix(prefix).lower(): f"c.{other.__name__}.{name}"
        for variable, (other, name) in all_variables().items()
        if variable.startswith(prefix)
    }
    return elsewhere | {name: f"c.{section.__name__}.{name}" for name in section.settings()}


def drop_older(config: Config) -> Iterator[str]:
    """Take out the settings that only older versions had, with a sentence for each."""
    section = config.get(NbExchange.__name__, {})
    for name in sorted(OLDER_SETTINGS & section.keys()):
        del section[name]
        yield f"c.{NbExchange.__name__}.{name} of older versions has no effect"


def suggestion(name: str, names: Collection[str], spell: Callable[[str], str]) -> str:
    """The nearest of the names, in full."""
    nearest = get_close_matches(name, names, n=1)
    return f": did you mean {spell(nearest[0])}?" if nearest else ""
