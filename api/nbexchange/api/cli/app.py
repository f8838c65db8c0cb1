"""The command `nbexchange`, which leads to its subcommands."""

from __future__ import annotations

from nbexchange.api.cli.base import Group
from nbexchange.api.cli.courses import Course
from nbexchange.api.cli.service import Db, Gc, Serve, Storage, Token


class NbExchangeApp(Group):
    """The exchange for nbgrader. `nbexchange serve` runs the service."""

    name = "nbexchange"
    description = __doc__
    subcommands = {
        "serve": (Serve, Serve.__doc__),
        "db": (Db, Db.__doc__),
        "storage": (Storage, Storage.__doc__),
        "token": (Token, Token.__doc__),
        "course": (Course, Course.__doc__),
        "gc": (Gc, Gc.__doc__),
        # By its name: the service does not import what shows it off, and runs where that is not installed.
        "demo": ("nbexchange.demo.cli.Demo", "Run a whole assignment cycle with the real nbgrader."),
    }
