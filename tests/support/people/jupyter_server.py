"""As much of a Jupyter server as an extension sees when it is loaded."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from traitlets.config import LoggingConfigurable


class Server(LoggingConfigurable):
    """Ada's, in a hub; it keeps the addresses that an extension answers."""

    def __init__(self, root_dir: Path, **extensions: bool) -> None:
        super().__init__(log=logging.getLogger("server"))
        self.root_dir = str(root_dir)
        self.jpserver_extensions = extensions
        self.addresses: list[Any] = []
        settings: dict[str, Any] = {"base_url": "/user/ada/"}
        self.web_app = SimpleNamespace(
            settings=settings, add_handlers=lambda _, some: self.addresses.extend(some)
        )
