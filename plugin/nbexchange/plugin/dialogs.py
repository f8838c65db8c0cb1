"""What nbgrader's extensions show of a failure, in a dialog or in the place of a list: the reason, and no traceback."""

from __future__ import annotations

import logging
import re
from textwrap import fill
from typing import Any

OURS = re.compile(r"^[\w.]*\.(?:ExchangeError|DirectoryTooLarge): ", re.MULTILINE)
"""Where the text begins of a failure that was meant for people, in the traceback that nbgrader makes of it."""


def reason(traceback: str) -> str | None:
    """What the failure says to the person it happened to; None for any other, which only nbgrader can tell."""
    *_, last = [None, *OURS.finditer(traceback)]
    return traceback[last.end() :].strip() if last else None


def folded(text: str, columns: int) -> str:
    """The text in lines that are no longer, which the dialogs would cut off; a long word stays as it is."""
    lines = text.splitlines()
    return "\n".join(fill(line, columns, break_long_words=False, break_on_hyphens=False) for line in lines)


class LastError(logging.LoggerAdapter[logging.Logger]):
    """A log that keeps the last error: nbgrader's manager logs each traceback, and does not always answer with it."""

    text = ""

    def error(self, msg: object, *args: object, **kwargs: Any) -> None:
        self.text = str(msg)
        super().error("%s", msg, **kwargs)


class ActionLog(logging.Logger):
    """The log of one action of Formgrader's, a part of the server's log.

    nbgrader shows what comes to the log of an action: here not what else the server logs meanwhile, and no DEBUG.
    """

    def __init__(self, server_log: logging.Logger) -> None:
        super().__init__(server_log.name)
        self.parent = server_log

    failure = ""
    """What was logged last as critical, as every failure of an exchange is."""

    def handle(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.CRITICAL:
            self.failure = record.getMessage()
        super().handle(record)

    def addHandler(self, hdlr: logging.Handler) -> None:
        hdlr.setLevel(logging.INFO)
        super().addHandler(hdlr)


def with_reason_first(result: dict[str, Any], columns: int) -> dict[str, Any]:
    """An action's result, as nbgrader gives it to Formgrader's dialog, which shows the log above the error."""
    told, log = reason(result.get("error", "")), result.get("log", "")
    if told is None:
        return {**result, "log": folded(log, columns)}
    rest = log.replace(f"[CRITICAL] {told}\n", "")
    return {"success": False, "log": folded("\n\n".join(filter(None, [told, rest])), columns)}
