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

from nbexchange.plugin.collect import ExchangeCollect
from nbexchange.plugin.exchange import Exchange
from nbexchange.plugin.fetch_assignment import ExchangeFetchAssignment
from nbexchange.plugin.fetch_feedback import ExchangeFetchFeedback
from nbexchange.plugin.list import ExchangeList
from nbexchange.plugin.release_assignment import ExchangeReleaseAssignment
from nbexchange.plugin.release_feedback import ExchangeReleaseFeedback
from nbexchange.plugin.submit import ExchangeSubmit

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
