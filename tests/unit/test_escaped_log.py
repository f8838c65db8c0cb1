"""The plugin's log, in which no name controls the terminal of who reads it."""

from __future__ import annotations

import io
import logging

import pytest
from nbgrader.exchange.abc.exchange import ExchangeError
from nbgrader.utils import capture_log

from nbexchange.plugin import ExchangeList
from nbexchange.plugin.escaped_log import EscapedLog

HOSTILE, ESCAPED = "\x1b[2Jps\u202e1", "\\x1b[2Jps\\u202e1"


@pytest.fixture
def lines():
    return io.StringIO()


@pytest.fixture
def log(lines):
    logger = logging.Logger("test", logging.INFO)
    logger.addHandler(logging.StreamHandler(lines))
    return logger


@pytest.mark.parametrize("level", ["info", "warning", "error", "critical", "fatal"])
def test_a_name_is_written_out_and_a_layout_stays(log, lines, level):
    getattr(EscapedLog(log), level)("Expected:\n\t%s", HOSTILE)
    assert lines.getvalue() == f"Expected:\n\t{ESCAPED}\n"


def test_what_is_not_logged_is_not_made(log, lines):
    EscapedLog(log).debug("%d", "no number")
    assert lines.getvalue() == ""


def test_an_actions_log_is_escaped_whatever_gives_it_and_so_is_its_failure(log, lines):
    action = ExchangeList()
    assert isinstance(action.log, EscapedLog)
    action.log = log
    with pytest.raises(ExchangeError) as failure:
        action.fail(HOSTILE)
    assert str(failure.value) == ESCAPED
    assert lines.getvalue() == f"{ESCAPED}\n"


def test_nbgraders_front_ends_can_listen_to_it(log):
    action = ExchangeList()
    action.log = log
    action.start = lambda: action.log.info("%s", HOSTILE)
    assert capture_log(action)["log"].strip().endswith(ESCAPED)
