"""What can go wrong on the student's or instructor's side, with a text for the person it happens to.

    TransferFailed
    ├── ServiceRefused      the service answered with a problem
    ├── ServiceUnreachable  it did not answer, or something else answered in its place
    │   └── ServiceOlder    it answered that it does not know what it was asked
    ├── StorageFailed       the object store refused or broke off a transfer
    │   └── StoredOtherwise what it gave out is not what was announced
    ├── ArchiveTooLarge     more than a limit allows, found while packing
    ├── PackingFailed       something in the tree cannot travel, or changed meanwhile
    └── ArchiveRefused      what arrived is not what was announced, or is hostile

Their texts come from `messages`.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path

from nbexchange.plugin.messages import explain, say
from nbexchange.protocol import Problem

UNAVAILABLE = 503

GATEWAY_STATUSES = (502, UNAVAILABLE, 504)
"""What a gateway, such as a hub's proxy, answers where it cannot reach what is behind it."""

PASSING = {403, 408, 429}
"""What a store answers for an expired URL, or when it has too much to do: the object itself may be all right."""


class TransferFailed(Exception):
    """The base. Its text is what happened, what to do, and the id of the request that people may report.

    `passes_soon` says that the service or the store was away, as it is for the seconds in which it restarts, and
    `retry_after` how many seconds it wants to be left alone.
    """

    passes_soon = False
    retry_after = 0

    def __init__(self, text: str, request_id: str | None = None) -> None:
        super().__init__(text)
        self.request_id = request_id

    @property
    def lies_in_object(self) -> bool:
        """Whether what is stored is at fault, so that the same will happen again."""
        return False

    def add(self, text: str) -> None:
        """Say more, after what is said already."""
        self.args = (f"{self.args[0]} {text}",)

    def refer_to(self, request_id: str | None) -> None:
        """Name the request that led here, where none is named yet."""
        self.request_id = self.request_id or request_id

    def __str__(self) -> str:
        text = super().__str__()
        return f"{text} (request {self.request_id})" if self.request_id else text


class ServiceRefused(TransferFailed):
    def __init__(self, problem: Problem) -> None:
        super().__init__(explain(problem), problem.request_id)
        self.problem = problem
        self.passes_soon = problem.status == UNAVAILABLE
        self.retry_after = problem.retry_after or 0

    @property
    def may_pass(self) -> bool:
        """Whether the same may be granted later: what is wrong is the service or the token, not what was asked."""
        return self.problem.status >= 500 or self.problem.status in (401, 429)


class ServiceUnreachable(TransferFailed):
    def __init__(self, text: str, request_id: str | None = None, *, passes_soon: bool = False) -> None:
        super().__init__(text, request_id)
        self.passes_soon = passes_soon


class ServiceOlder(ServiceUnreachable):
    """It does not know what it was asked, and has done nothing."""


class StorageFailed(TransferFailed):
    """`status` is what the store answered; None when it did not answer to the end."""

    def __init__(
        self,
        text: str,
        status: int | None = None,
        request_id: str | None = None,
        *,
        passes_soon: bool = False,
    ) -> None:
        super().__init__(text, request_id)
        self.status = status
        self.passes_soon = passes_soon or status in GATEWAY_STATUSES

    @property
    def may_pass(self) -> bool:
        """Whether another try with a fresh URL may succeed: 403 is also what stores say of an expired one."""
        return self.status is None or self.status == 403 or self.status >= 500

    @property
    def lies_in_object(self) -> bool:
        return self.status is not None and 400 <= self.status < 500 and self.status not in PASSING


class StoredOtherwise(StorageFailed):
    @property
    def lies_in_object(self) -> bool:
        return True


class ArchiveTooLarge(TransferFailed):
    pass


class PackingFailed(TransferFailed):
    pass


class ArchiveRefused(TransferFailed):
    """`why` is half a sentence."""

    def __init__(self, why: str) -> None:
        super().__init__(say("archive-refused", why=why))

    @property
    def lies_in_object(self) -> bool:
        return True


def explain_failure(error: Exception) -> str:
    """The text for a failure: its own, or ours for an error of this machine or of the plugin itself."""
    if isinstance(error, TransferFailed):
        return str(error)
    if not isinstance(error, OSError) or error.errno is None:
        return say("plugin-defect", error=type(error).__name__)
    path = error.filename2 or error.filename  # of a renaming, where to
    if error.errno in CODES and path is not None:
        return say(CODES[error.errno], path=visible(Path(path)))
    if error.errno in (errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENOTEMPTY) and path is not None:
        return say("in-the-way", path=obstacle(Path(path)))
    where = f" ({path})" if path else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return say("disk-full" if error.errno == errno.ENOSPC else "quota-full", where=where)
    return say("local-trouble", what=os.strerror(error.errno), where=where)


TEMPORARY = (".nbexchange-", ".feedback-")
"""How the names begin that the plugin gives to what it makes beside the place where it is to be."""

CODES = {
    errno.EACCES: "not-permitted",
    errno.EPERM: "not-permitted",
    errno.EROFS: "read-only",
    errno.ENAMETOOLONG: "name-too-long",
}
"""The messages for errors of the system that have one of their own."""


def visible(path: Path) -> Path:
    """The path; of what the plugin would have made for itself for a moment, the folder in which it could not."""
    temporary = [part for part in (*reversed(path.parents), path) if part.name.startswith(TEMPORARY)]
    return temporary[0].parent if temporary else path


def obstacle(path: Path) -> Path:
    """What is in the way of a file: itself, or the file in the place of a folder above it."""
    above = [folder for folder in path.parents if folder.exists() and not folder.is_dir()]
    return above[-1] if above else path


MOST_REASONS = 5
"""How many lines of reasons people read; all of them are in the log."""


def list_reasons(failures: Mapping[str, str]) -> str:
    """Why some of several things failed: a line for each reason, with what it is the reason for."""
    names: dict[str, list[str]] = {}
    texts: dict[str, str] = {}
    for name, text in failures.items():
        reason = text.partition(" (request ")[0]
        names.setdefault(reason, []).append(name)
        texts.setdefault(reason, text)
    lines = [f"{', '.join(names[reason])}: {text}" for reason, text in texts.items()]
    more = [f"{len(lines) - MOST_REASONS} more reasons are in the log."] if len(lines) > MOST_REASONS else []
    return "\n".join([*more, *lines[:MOST_REASONS]])


def reason_of(error: Exception) -> str:
    """Why something failed, for the middle of a sentence."""
    if isinstance(error, OSError) and error.errno is not None:
        return os.strerror(error.errno)
    return type(error).__name__
