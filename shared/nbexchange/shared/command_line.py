"""How both commands read their options."""

from __future__ import annotations

from typing import Any

from traitlets.config.loader import KVArgParseConfigLoader


class StrictLoader(KVArgParseConfigLoader):
    """Refuses an option that there is not: traitlets only warns, and does without it what was asked.

    `--dryrun=true` would be the real thing.
    """

    def _handle_unrecognized_alias(self, arg: str) -> None:
        self.parser.error(f"there is no option --{arg}")


class StrictOptions:
    """For an application: its options are read by that loader."""

    log: Any
    subcommands: Any

    def _create_loader(self, argv: Any, aliases: Any, flags: Any, classes: Any) -> KVArgParseConfigLoader:
        return StrictLoader(argv, aliases, flags, classes=classes, log=self.log, subcommands=self.subcommands)
