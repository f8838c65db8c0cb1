"""As much of a Jupyter server as an extension sees when it is loaded, and what it has there."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from traitlets.config import LoggingConfigurable

from nbexchange.plugin.assignment_list import Manager
from support.people.classroom import Desk


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


@contextmanager
def manager_of(desk: Desk) -> Iterator[Manager]:
    """Somebody's Assignment List, in a server that was started in another directory than that of their notebooks."""
    manager = Manager(Server(desk.home))
    manager.root_dir = str(desk.home)
    with desk.at_home(), chdir("/"):
        yield manager


def shown(answer: dict[str, Any]) -> Any:
    """What the page shows of an answer that is a success."""
    assert answer["success"], answer["value"]
    return answer["value"]
