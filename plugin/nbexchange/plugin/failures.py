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

from nbexchange.plugin.messages import explain, say
from nbexchange.protocol import Problem


class TransferFailed(Exception):
    """The base; its text is one or two sentences: what happened, and what to do."""


class ServiceRefused(TransferFailed):
    def __init__(self, problem: Problem) -> None:
        super().__init__(explain(problem))
        self.problem = problem
        self.request_id = problem.request_id

    @property
    def may_pass(self) -> bool:
        """Whether the same may be granted later: what is wrong is the service or the token, not what was asked."""
        return self.problem.status >= 500 or self.problem.status in (401, 429)


class ServiceUnreachable(TransferFailed):
    def __init__(self, text: str, request_id: str | None) -> None:
        super().__init__(text)
        self.request_id = request_id


class StorageFailed(TransferFailed):
    """`status` is what the store answered; None when it did not answer to the end."""

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
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
