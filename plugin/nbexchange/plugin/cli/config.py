"""`jupyter nbexchange config`: the settings, as they are here."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from nbexchange.plugin import MODULES
from nbexchange.plugin.cli.base import Command
from nbexchange.plugin.settings import ExchangeSettings
from nbexchange.shared.redaction import redact

WIDTH = 100


class Setting(Struct):
    """One of `c.Exchange`, with the value that holds here, which a file or the command line may have configured.

    What could be a password is left out of it.
    """

    name: str
    value: str | float | bool | list[str]
    is_configured: bool
    is_redacted: bool
    help: str
    variables: list[str]


class Configuration(Struct):
    factory: dict[str, str]
    settings: list[Setting]


class ShowConfig(Command):
    """The settings of the exchange as they hold here, as a file for nbgrader.

    The eight lines that make nbgrader use nbexchange, and what `c.Exchange` has, with its help. What is not configured
    is in a comment.
    """

    name = "jupyter-nbexchange config"
    description = __doc__ or ""

    def ask(self) -> Configuration:
        factory = {slot: f"nbexchange.plugin.{name}" for name, slot in MODULES.items()}
        own = ExchangeSettings.class_own_traits(config=True)
        declared = (name for name in vars(ExchangeSettings) if name in own)
        return Configuration(factory, [self._describe(own[name]) for name in declared])

    def _describe(self, trait: Any) -> Setting:
        value = plain(getattr(self.exchange, trait.name))
        shown = without_secrets(value)
        return Setting(
            name=trait.name,
            value=shown,
            is_configured=trait.name in self.config.get("Exchange", {}),
            is_redacted=shown != value,
            help=" ".join(trait.help.split()),
            variables=list(trait.metadata.get("env", ())),
        )

    def lines(self, answer: Configuration) -> Iterator[str]:
        yield "c = get_config()"
        yield ""
        for slot, name in answer.factory.items():
            yield f"c.ExchangeFactory.{slot} = {name!r}"
        for setting in answer.settings:
            yield ""
            yield from setting_lines(setting)


def setting_lines(setting: Setting) -> Iterator[str]:
    yield from (f"# {line}" for line in textwrap.wrap(setting.help, WIDTH))
    if setting.variables:
        yield f"# Also in the environment: {', '.join(setting.variables)}."
    if setting.is_redacted:
        yield "# What could be a password is left out here."
    mark = "" if setting.is_configured and not setting.is_redacted else "# "
    yield f"{mark}c.Exchange.{setting.name} = {setting.value!a}"


def plain(value: Any) -> Any:
    """The value as a file has it: a class by its name, a list as one."""
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    return list(value) if isinstance(value, list) else value


def without_secrets(value: Any) -> Any:
    if isinstance(value, list):
        return [redact(item) for item in value]
    return redact(value) if isinstance(value, str) else value
