"""Groups of settings: each a class `X` whose traits are `c.X.trait` in the file and a variable in the environment."""

from __future__ import annotations

from typing import ClassVar

from traitlets.config import LoggingConfigurable


class SettingsError(Exception):
    """A setting that cannot work; the service does not start on it."""


class Section(LoggingConfigurable):
    """Settings that belong together."""

    variable_prefix: ClassVar[str]
    """What the names of its environment variables begin with; the setting's own follows, in capitals."""

    def check(self) -> None:
        """Raise `SettingsError` for settings that cannot work. Called once, before the service starts."""

    @classmethod
    def settings(cls) -> list[str]:
        """The settings in the order in which they are declared."""
        own = cls.class_traits(config=True)
        return [name for name in vars(cls) if name in own]
