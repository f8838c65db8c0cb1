"""The command `jupyter nbexchange`, which leads to its subcommands."""

from __future__ import annotations

import sys
from importlib import metadata

from jupyter_core.application import JupyterApp

HERE = "nbexchange.plugin.command"


class JupyterNbExchange(JupyterApp):
    """What the exchange says to the person at this notebook server."""

    name = "jupyter-nbexchange"
    version = metadata.version("nbexchange")
    description = __doc__ or ""
    flags = {}
    aliases = {}
    subcommands = {
        "whoami": (f"{HERE}.whoami.WhoAmI", "Who you are to the exchange, your roles and its limits."),
    }

    def _find_subcommand(self, name: str) -> str:
        """No other program: `jupyter-nbexchange-...` on the PATH is none of ours."""
        return ""

    def migrate_config(self) -> None:
        """Nothing: a question about the exchange moves nobody's files."""

    def start(self) -> None:
        super().start()
        known = ", ".join(self.subcommands)
        asked = f"knows no {self.extra_args[0]!r}" if self.extra_args else "needs a command"
        sys.stderr.write(f"{self.name} {asked}; there is {known}\n")
        self.exit(1)
