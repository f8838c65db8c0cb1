"""The command `jupyter nbexchange`, which leads to its subcommands."""

from __future__ import annotations

import sys

from nbexchange.plugin.cli.application import JupyterApp
from nbexchange.shared.version import VERSION

PACKAGE = "nbexchange.plugin.cli"


class JupyterNbExchange(JupyterApp):
    """What the exchange says to the person at this notebook server."""

    name = "jupyter-nbexchange"
    version = VERSION
    description = __doc__ or ""
    flags = {}
    aliases = {}
    subcommands = {
        "whoami": (f"{PACKAGE}.whoami.WhoAmI", "Who you are to the exchange, your roles and its limits."),
        "courses": (f"{PACKAGE}.courses.Courses", "Your courses, and what you are in each."),
        "list": (f"{PACKAGE}.assignments.List", "What is released, and what you submitted."),
        "remove": (
            f"{PACKAGE}.removal.Remove",
            "Take attempts out of your course's list, by their ids.",
        ),
        "roster": (
            f"{PACKAGE}.roster.ShowRoster",
            "Who is in your course, where the exchange keeps that itself.",
        ),
        "status": (
            f"{PACKAGE}.status.Status",
            "Whether the exchange can be used from here, and if not, why.",
        ),
        "config": (f"{PACKAGE}.config.ShowConfig", "The settings, as a file for nbgrader."),
    }

    def run(self) -> None:
        commands = ", ".join(self.subcommands)
        asked = f"knows no {self.extra_args[0]!r}" if self.extra_args else "needs a command"
        sys.stderr.write(f"{self.name} {asked}; there is {commands}\n")
        self.exit(1)
