"""A log that people read at a terminal and in nbgrader's pages, of actions on what others named."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NoReturn

from traitlets import default, validate
from traitlets.config import LoggingConfigurable

from nbexchange.shared.terminal import clean_layout

Lines = list[tuple[int, str]]

_heard: ContextVar[Lines | None] = ContextVar("heard", default=None)


@contextmanager
def hearing() -> Iterator[Lines]:
    """What the actions in this block tell the person whose they are, with its levels, whatever is logged of it."""
    lines: Lines = []
    token = _heard.set(lines)
    try:
        yield lines
    finally:
        _heard.reset(token)


class EscapedLog(logging.LoggerAdapter[Any]):
    """Writes out what would control a terminal, whatever the text comes from.

    In all else it is the log that it writes to: nbgrader's front ends add handlers to it.
    """

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        lines = _heard.get()
        if lines is None and not self.isEnabledFor(level):
            return
        text = clean_layout(str(msg) % args if args else str(msg))
        if lines is not None:
            lines.append((level, text))
        self.logger.log(level, "%s", text, **kwargs)

    def fatal(self, msg: object, *args: object, **kwargs: Any) -> None:
        self.log(logging.CRITICAL, msg, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.logger, name)


class TellingEscaped(LoggingConfigurable):
    """For an exchange of nbgrader's: it has such a log, whatever it is given, and fails with such a text.

    The methods for the log have the names of traitlets' own: of two with different names, either could count.
    """

    @default("log")
    def _log_default(self) -> Any:
        return EscapedLog(super()._log_default())

    @validate("log")
    def _validate_log(self, proposal: Any) -> Any:
        log = super()._validate_log(proposal)
        return log if isinstance(log, EscapedLog) else EscapedLog(log)

    def fail(self, msg: str) -> NoReturn:
        super().fail(clean_layout(msg))  # type: ignore[misc]  # nbgrader's, which raises
        raise AssertionError
