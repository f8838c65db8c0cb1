"""Writes configuration.md beside it from the code: `python docs/write_configuration.py`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbexchange.api.config.settings import NbExchange
from nbexchange.api.config.sources import sections, variables
from nbexchange.plugin.settings import ExchangeSettings
from nbexchange.shared.section import Section

PAGE = Path(__file__).with_name("configuration.md")

SERVICE = """\
<!-- Written by docs/write_configuration.py from the code: change it there, then run that. -->

# Configuration reference

## The service

Each setting is `c.NbExchange.<setting>` in the configuration file (or in another section, where the heading names it),
the environment variable named here, or `--NbExchange.<setting>=<value>` on the command line; the later beats the
earlier. An empty variable counts as unset.
A variable is `true` or `false`, or a dictionary or list in Python's notation: `{'pool_size': 10}`, `['RS256']`.
In addition, the credentials of a bucket come from where AWS's own tools look for them (`AWS_ACCESS_KEY_ID` and others).
"""

HEADINGS = {
    "config_file": "Files",
    "ip": "Listening",
    "user_plugin_class": "Authentication",
    "db_url": "Database",
    "base_storage_location": "Object store",
    "max_buffer_size": "Limits",
}
"""Above which setting a new table begins."""

PLUGIN = """\
## The plugin

In `nbgrader_config.py`: `c.Exchange.<setting>` for all actions, or `c.ExchangeSubmit.<setting>` and the like for one.
nbgrader's own settings of the exchange (`assignment_dir`, `timezone`, `timestamp_format` and those of single actions)
hold as nbgrader documents them. The file beats the variable. The caller's token is in `JUPYTERHUB_API_TOKEN`, which
a hub sets, unless one of these settings names another.
"""

TYPES = {
    "AuthenticatorClass": "short name, class or its dotted path",
    "Bool": "`True` or `False`",
    "Dict": "dictionary",
    "Seconds": "number",
    "Int": "whole number",
    "List": "list",
    "Type": "class or its dotted path",
    "Unicode": "text",
}


def reference() -> str:
    """The whole page."""
    return "\n".join([SERVICE, *service_tables(), PLUGIN, *table(plugin_rows()), ""])


def service_tables() -> Iterator[str]:
    rows: list[list[str]] = []
    for name in NbExchange.settings():
        if name in HEADINGS and rows:
            yield from table(rows)
            rows = []
        if name in HEADINGS:
            yield f"### {HEADINGS[name]}\n"
        rows.append(service_row(NbExchange, name))
    yield from table(rows)
    for section in list(sections().values())[1:]:
        yield f"### `c.{section.__name__}`\n\n{section.__doc__}\n"
        yield from table([service_row(section, name) for name in section.settings()])


def service_row(section: type[Section], name: str) -> list[str]:
    return row(section.class_traits()[name], variables(section, name))


def plugin_rows() -> list[list[str]]:
    """Those that the plugin declares or declares anew, in that order."""
    own = ExchangeSettings.class_traits(config=True)
    return [
        row(own[name], own[name].metadata.get("env", ())) for name in vars(ExchangeSettings) if name in own
    ]


def row(trait: Any, variables: list[str]) -> list[str]:
    text, _, described = " ".join(trait.help.split()).partition(" Default: ")
    default = described.removesuffix(".") or default_of(trait)
    return [f"`{trait.name}`", ", ".join(f"`{name}`" for name in variables), type_of(trait), default, text]


def type_of(trait: Any) -> str:
    if hasattr(trait, "values"):
        return " or ".join(f"`{value}`" for value in trait.values)
    return TYPES[type(trait).__name__]


def default_of(trait: Any) -> str:
    value = trait.default()
    if isinstance(value, type):
        return f"`{value.__module__}.{value.__name__}`"
    return "" if value in ("", [], {}, None) else f"`{value}`"


def table(rows: list[list[str]]) -> Iterator[str]:
    yield "| Setting | Variable | Type | Default | What it is |"
    yield "|---|---|---|---|---|"
    for cells in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    yield ""


if __name__ == "__main__":
    PAGE.write_text(reference())
    sys.stdout.write(f"{PAGE} is written.\n")
