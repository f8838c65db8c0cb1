"""Texts of libraries without secrets: they quote whole URLs, with signatures and passwords."""

from __future__ import annotations

import logging
import re
from urllib.parse import urlsplit

QUERY = re.compile(r"""\?[^\s"'<>)\]]*=[^\s"'<>)\]]*""")
USERINFO = re.compile(r"//[^\s/\"']+@")
CREDENTIAL = re.compile(
    r"(?<![a-z0-9])(token[\s:=\"']+|bearer[\s:=\"']+|basic[\s:=\"']+|signature=)[a-z0-9._~+/=%-]{8,}",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """The text without queries of URLs, user names and passwords in them, and tokens of headers."""
    text = QUERY.sub("?...", text)
    text = USERINFO.sub("//...@", text)
    return CREDENTIAL.sub(r"\1...", text)


def host_of(url: str) -> str:
    """Host and port, without the credentials that may stand before them."""
    return urlsplit(url).netloc.rpartition("@")[2]


class RedactingFormatter(logging.Formatter):
    """Redacts whole entries, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class RedactingFilter(logging.Filter):
    """Redacts the messages of a logger that belongs to a library."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        return True
