"""What can go wrong on the student's or instructor's side, with a text for the person it happens to.

    TransferFailed
    ├── ServiceRefused      the service answered with a problem
    ├── ServiceUnreachable  it did not answer, or something else answered in its place
    ├── StorageFailed       the object store refused or broke off a transfer
    ├── ArchiveTooLarge     more than a limit allows, found while packing
    ├── PackingFailed       something in the tree cannot travel, or changed meanwhile
    └── ArchiveRefused      what arrived is not what was announced, or is hostile

Their texts come from `messages`.
"""

from __future__ import annotations

import errno
import os

from nbexchange.plugin.messages import explain, say
from nbexchange.protocol import Problem


class TransferFailed(Exception):
    """The base. Its text is what happened, what to do, and the id of the request that people may report."""

    def __init__(self, text: str, request_id: str | None = None) -> None:
        super().__init__(text)
        self.request_id = request_id

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

    @property
    def may_pass(self) -> bool:
        """Whether the same may be granted later: what is wrong is the service or the token, not what was asked."""
        return self.problem.status >= 500 or self.problem.status in (401, 429)


class ServiceUnreachable(TransferFailed):
    pass


class StorageFailed(TransferFailed):
    """`status` is what the store answered; None when it did not answer to the end."""

    def __init__(self, text: str, status: int | None = None, request_id: str | None = None) -> None:
        super().__init__(text, request_id)
        self.status = status

    @property
    def may_pass(self) -> bool:
        """Whether another try with a fresh URL may succeed: 403 is also what stores say of an expired one."""
        return self.status is None or self.status == 403 or self.status >= 500


class ArchiveTooLarge(TransferFailed):
    pass


class PackingFailed(TransferFailed):
    pass


class ArchiveRefused(TransferFailed):
    """`why` is half a sentence."""

    def __init__(self, why: str) -> None:
        super().__init__(say("archive-refused", why=why))


def explain_failure(error: Exception) -> str:
    """The text for a failure: its own, or ours for an error of this machine or of the plugin itself."""
    if isinstance(error, TransferFailed):
        return str(error)
    if not isinstance(error, OSError):
        return say("plugin-defect", error=type(error).__name__)
    if error.errno == errno.EEXIST:
        return say("in-the-way", path=error.filename)
    if error.errno == errno.ENOSPC:
        return say("disk-full")
    where = f" ({error.filename})" if error.filename else ""
    return say("local-trouble", what=os.strerror(error.errno or errno.EIO), where=where)
