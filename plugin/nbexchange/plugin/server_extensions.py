"""How a server extension of ours answers the addresses of one of nbgrader's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jupyter_server.utils import url_path_join
from nbgrader.exchange import ExchangeFactory
from traitlets.config import Config

from nbexchange.plugin import settings


def answer_before(server: Any, ours: str, theirs: str, addresses: Iterable[tuple[str, type]]) -> bool:
    """Have the handlers answer, below the server's own path, where nbgrader's extension is on; says whether it is.

    Jupyter loads extensions in the order of their names, and the first that has a route answers it.
    """
    if not server.jpserver_extensions.get(theirs):
        server.log.info("%s is off, since %s is", ours, theirs)
        return False
    base = server.web_app.settings["base_url"]
    server.web_app.add_handlers(".*$", [(url_path_join(base, path), kind) for path, kind in addresses])
    return True


def shorten_patience(config: Config) -> None:
    """Let an action of ours go on trying for less time than at a terminal, unless a setting says how long."""
    is_ours = issubclass(ExchangeFactory(config=config).exchange, settings.ExchangeSettings)
    if is_ours and "retry_seconds" not in config.Exchange:
        config.Exchange.retry_seconds = min(settings.RETRY_SECONDS, settings.BUTTON_SECONDS)
