"""What `jupyter nbexchange` needs of a Jupyter application, without the event loop that Jupyter's own begins with."""

from __future__ import annotations

import logging
import os
from copy import deepcopy
from typing import Any

from jupyter_core.paths import jupyter_config_dir, jupyter_config_path
from traitlets import Bool, Unicode
from traitlets.config import Application
from traitlets.config.application import catch_config_error


class JupyterApp(Application):
    """Has the name of Jupyter's own, so that `c.JupyterApp` applies here as well.

    That one imports asyncio, which is a sixth of the time that a short command takes.
    """

    config_file_name = ""
    config_file = Unicode(help="Full path of a config file.").tag(config=True)
    # Declared by Jupyter, and here again since what is not declared is called misspelt.
    generate_config = Bool(False, help="Has no effect: these commands write no files.").tag(config=True)
    answer_yes = Bool(False, help="Has no effect: these commands ask nothing.").tag(config=True)

    def _log_level_default(self) -> int:
        return logging.INFO

    def run(self) -> None:
        """Do what there is to do where no subcommand was named."""
        raise NotImplementedError

    def start(self) -> None:
        if self.subapp:
            self.subapp.start()
        else:
            self.run()

    @catch_config_error
    def initialize(self, argv: Any = None) -> None:
        """Read the command line, and the configuration files, over which it wins."""
        self.parse_command_line(argv)
        if self.subapp:
            return
        options = deepcopy(self.config)
        self.load_config_files()
        self.update_config(options)

    def load_config_files(self) -> None:
        """Read what is for all of Jupyter, then the file that `--config` names, or that of this application."""
        self.load_config_file("jupyter_config", config_path())
        if self.config_file:
            folder, name = os.path.split(self.config_file)
            self.load_config_file(name, folder)
        elif self.config_file_name:
            self.load_config_file(self.config_file_name, config_path())


def config_path() -> list[str]:
    """Where Jupyter looks for configuration, the most important folder first."""
    own, path = jupyter_config_dir(), jupyter_config_path()
    return path if own in path else [own, *path]
