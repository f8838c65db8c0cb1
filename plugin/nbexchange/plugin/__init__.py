"""nbgrader's exchange, over nbexchange. Switched on by eight lines:

c.ExchangeFactory.exchange = "nbexchange.plugin.Exchange"
c.ExchangeFactory.list = "nbexchange.plugin.ExchangeList"
c.ExchangeFactory.release_assignment = "nbexchange.plugin.ExchangeReleaseAssignment"
c.ExchangeFactory.fetch_assignment = "nbexchange.plugin.ExchangeFetchAssignment"
c.ExchangeFactory.submit = "nbexchange.plugin.ExchangeSubmit"
c.ExchangeFactory.collect = "nbexchange.plugin.ExchangeCollect"
c.ExchangeFactory.release_feedback = "nbexchange.plugin.ExchangeReleaseFeedback"
c.ExchangeFactory.fetch_feedback = "nbexchange.plugin.ExchangeFetchFeedback"
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

MODULES = {
    "Exchange": "exchange",
    "ExchangeCollect": "collect",
    "ExchangeFetchAssignment": "fetch_assignment",
    "ExchangeFetchFeedback": "fetch_feedback",
    "ExchangeList": "list",
    "ExchangeReleaseAssignment": "release_assignment",
    "ExchangeReleaseFeedback": "release_feedback",
    "ExchangeSubmit": "submit",
}
"""The classes, by the module that has each: it is called as the setting of `c.ExchangeFactory` for it."""

OLDER_NAMES = {"BaseApiPlugin": "service.credentials"}
"""What configuration files for nbexchange 1 and 2 import from here, by the module that has it."""

if TYPE_CHECKING:
    from nbexchange.plugin.collect import ExchangeCollect
    from nbexchange.plugin.exchange import Exchange
    from nbexchange.plugin.fetch_assignment import ExchangeFetchAssignment
    from nbexchange.plugin.fetch_feedback import ExchangeFetchFeedback
    from nbexchange.plugin.list import ExchangeList
    from nbexchange.plugin.release_assignment import ExchangeReleaseAssignment
    from nbexchange.plugin.release_feedback import ExchangeReleaseFeedback
    from nbexchange.plugin.service.credentials import BaseApiPlugin as BaseApiPlugin
    from nbexchange.plugin.submit import ExchangeSubmit
else:

    def __getattr__(name: str) -> Any:
        """One of the eight, when it is asked for: they import nbgrader, which takes seconds."""
        if (module := {**MODULES, **OLDER_NAMES}.get(name)) is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{module}"), name)


__all__ = [
    "Exchange",
    "ExchangeCollect",
    "ExchangeFetchAssignment",
    "ExchangeFetchFeedback",
    "ExchangeList",
    "ExchangeReleaseAssignment",
    "ExchangeReleaseFeedback",
    "ExchangeSubmit",
]
