"""The command `jupyter nbexchange`, which leads to its subcommands."""

from __future__ import annotations

import sys
from importlib import metadata

from jupyter_core.application import JupyterApp

HERE = "nbexchange.plugin.cli"


class JupyterNbExchange(JupyterApp):
    """What the exchange says to the person at this notebook server."""

    name = "jupyter-nbexchange"
    version = metadata.version("nbexchange")
    description = __doc__ or ""
    flags = {}
    aliases = {}
    subcommands = {
        "whoami": (f"{HERE}.whoami.WhoAmI", "Who you are to the exchange, your roles and its limits."),
        "courses": (f"{HERE}.courses.Courses", "Your courses, and what you are in each."),
        "list": (f"{HERE}.assignments.List", "What is released, and what you submitted."),
        "roster": (
            f"{HERE}.roster.ShowRoster",
            "Who is in your course, where the exchange keeps that itself.",
        ),
        "status": (f"{HERE}.status.Status", "Whether the exchange can be used from here, and if not, why."),
        "config": (f"{HERE}.config.ShowConfig", "The settings, as a file for nbgrader."),
    }

    def _find_subcommand(self, name: str) -> str:
        """No other program: `jupyter-nbexchange-...` on the PATH is none of ours."""
        return ""

    def migrate_config(self) -> None:
        """Nothing: a question about the exchange moves nobody's files."""

    def start(self) -> None:
        super().start()
        commands = ", ".join(self.subcommands)
        asked = f"knows no {self.extra_args[0]!r}" if self.extra_args else "needs a command"
        sys.stderr.write(f"{self.name} {asked}; there is {commands}\n")
        self.exit(1)
