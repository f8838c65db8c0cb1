"""How both commands read their options."""

from __future__ import annotations

from typing import Any

from traitlets.config.loader import KVArgParseConfigLoader


class StrictLoader(KVArgParseConfigLoader):
    """Refuses unknown options: traitlets only warns, and runs the command without them.

    With `--dryrun=true`, for `--dry-run`, a roster would be changed.
    """

    def _handle_unrecognized_alias(self, arg: str) -> None:
        self.parser.error(f"there is no option --{arg}")


class StrictOptions:
    """For an application whose unknown options are refused."""

    log: Any
    subcommands: Any

    def _create_loader(self, argv: Any, aliases: Any, flags: Any, classes: Any) -> KVArgParseConfigLoader:
        return StrictLoader(argv, aliases, flags, classes=classes, log=self.log, subcommands=self.subcommands)
