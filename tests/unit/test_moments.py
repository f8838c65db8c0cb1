"""Times as people read them."""

import time
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from nbgrader.exchange.abc import Exchange as ABCExchange
from traitlets.config import Config

from nbexchange.plugin.cli.exchange import Exchange as CommandsExchange
from nbexchange.plugin.exchange import Exchange
from nbexchange.plugin.moments import moment

INSTANT = datetime(2026, 11, 27, 7, 18, 45, 123456, tzinfo=UTC)


@pytest.fixture
def machine_in_tokyo(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("machine_in_tokyo")
@pytest.mark.parametrize("kind", [Exchange, CommandsExchange])
@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "2026-11-27 16:18 JST"),
        ({"timezone": "Europe/Berlin"}, "2026-11-27 08:18 CET"),
        ({"timezone": "UTC"}, "2026-11-27 07:18 UTC"),
        ({"timestamp_format": "%d.%m.%Y %H:%M:%S.%f"}, "27.11.2026 16:18:45.123456"),
    ],
)
def test_a_time_is_told_to_the_minute_in_the_persons_zone(kind, settings, told):
    assert moment(INSTANT, kind(config=Config(Exchange=settings))) == told


def test_nbgraders_own_defaults_are_those_that_count_as_not_set():
    defaults = {
        name: ABCExchange.class_traits()[name].default_value for name in ("timezone", "timestamp_format")
    }
    ours = {name: CommandsExchange.class_traits()[name].default_value for name in defaults}
    assert SimpleNamespace(**ours) == SimpleNamespace(**defaults)
