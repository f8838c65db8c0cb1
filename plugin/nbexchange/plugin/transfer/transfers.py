"""Uploads and downloads: granted by the service, between a local file and the store, confirmed by the service."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import BinaryIO
from uuid import UUID

import msgspec

from nbexchange.plugin.failures import ServiceRefused, ServiceUnreachable, StorageFailed, TransferFailed
from nbexchange.plugin.messages import say
from nbexchange.plugin.service.answers import Unreadable, failure_of
from nbexchange.plugin.service.client import Client
from nbexchange.plugin.transfer.storage import CHUNK, Storage
from nbexchange.protocol import (
    MAX_ITEMS,
    CompletionAnswer,
    DownloadGranted,
    DownloadItem,
    InitiateUploads,
    ItemFailed,
    Kind,
    Record,
    UploadAnswer,
    UploadCompleted,
    UploadGranted,
    for_revision,
)

UNCONFIRMED: Mapping[Kind, str] = {
    "submission": "confirmation-lost",
    "release": "publication-unconfirmed",
    "feedback": "publication-unconfirmed",
}


class Transfer(msgspec.Struct, frozen=True):
    client: Client
    storage: Storage

    @contextmanager
    def referring(self) -> Iterator[None]:
        """A failure in this block names the service's last request, which people may report."""
        try:
            yield
        except TransferFailed as failure:
            failure.refer_to(self.client.request_id)
            raise

    # --- up ------------------------------------------------------------------------------------------------

    def send(self, batch: InitiateUploads, body: BinaryIO, name: str) -> Record:
        """Send the only item of a batch; raises `TransferFailed`."""
        outcome = self.send_all(batch, {batch.items[0].id: body}, name)[batch.items[0].id]
        if isinstance(outcome, TransferFailed):
            raise outcome
        return outcome

    def send_all(
        self, batch: InitiateUploads, bodies: Mapping[UUID, BinaryIO], name: str
    ) -> dict[UUID, Record | TransferFailed]:
        """Send every item of a batch; the failure of one does not stop the others."""
        outcome: dict[UUID, Record | TransferFailed] = {}
        sent: list[UUID] = []
        batch, answers = self._announce(batch, bodies)
        for answer in answers:
            match answer:
                case UploadGranted():
                    try:
                        self._put(batch, answer, bodies[answer.id], name)
                        sent.append(answer.id)
                    except StorageFailed as failure:
                        outcome[answer.id] = failure
                case UploadCompleted():
                    outcome[answer.id] = answer.record
                case _:
                    outcome[answer.id] = failure_of(answer)
        for completion in self._complete(batch, sent) if sent else ():
            outcome[completion.id] = _outcome_of(completion, batch.kind)
        return outcome

    def _complete(
        self, batch: InitiateUploads, sent: Sequence[UUID]
    ) -> Sequence[CompletionAnswer | Unreadable]:
        try:
            return self._ask_to_complete(sent)
        except (ServiceUnreachable, ServiceRefused) as failure:
            if isinstance(failure, ServiceRefused) and not (batch.kind == "submission" and failure.may_pass):
                raise  # garbage collection completes a submission that has arrived, but no release
            raise _unconfirmed(batch.kind, failure) from None

    def _ask_to_complete(self, sent: Sequence[UUID]) -> Sequence[CompletionAnswer | Unreadable]:
        """What the service says, again while it cannot ask its store; in the end also of those that it could not."""
        answers: Sequence[CompletionAnswer | Unreadable] = []

        def ask() -> None:
            nonlocal answers
            answers = self.client.complete(sent)
            for answer in answers:
                if isinstance(answer, ItemFailed) and (failure := ServiceRefused(answer.problem)).passes_soon:
                    raise failure

        try:
            self.client.patience.repeat(ask)
        except ServiceRefused:
            if not answers:
                raise
        return answers

    def _announce(
        self, batch: InitiateUploads, bodies: Mapping[UUID, BinaryIO]
    ) -> tuple[InitiateUploads, Sequence[UploadAnswer | Unreadable]]:
        """Initiate, once more with an MD5 of each body where the store wants one; gives what was announced at last."""
        answers = self._initiate(batch)
        # Once and for all: an item that is announced again has to be the same, also where the service says later that
        # it knows more.
        batch = for_revision(batch, self.client.revision)
        if not any(isinstance(answer, UploadGranted) and answer.wants_md5 for answer in answers):
            return batch, answers
        items = [msgspec.structs.replace(item, md5=md5_of(bodies[item.id])) for item in batch.items]
        batch = msgspec.structs.replace(batch, items=items)
        return batch, self._initiate(batch)

    def _initiate(self, batch: InitiateUploads) -> Sequence[UploadAnswer | Unreadable]:
        answers = self.client.initiate(batch)
        if any(isinstance(a, ItemFailed) and a.problem.type == "too-many-pending" for a in answers):
            self._end_unfinished(batch)
            answers = self.client.initiate(batch)
        return answers

    def _end_unfinished(self, batch: InitiateUploads) -> None:
        """End the caller's unfinished submissions of this assignment: complete what was sent, abort the rest.

        Releases and feedback stay as they are: what was not confirmed is never published.
        """
        assignment = (batch.kind, batch.course_id, batch.assignment_id)
        ids = [
            upload.id
            for upload in self.client.pending()
            if (upload.kind, upload.course_id, upload.assignment_id) == assignment
        ]
        for completion in self.client.complete(ids) if ids else ():
            if isinstance(completion, ItemFailed) and completion.problem.type == "object-missing":
                self.client.abort(completion.id)

    def _put(self, batch: InitiateUploads, granted: UploadGranted, body: BinaryIO, name: str) -> None:
        """Send the bytes; once more with a fresh URL where that may help, and again while the store is away."""
        (item,) = (item for item in batch.items if item.id == granted.id)

        def send() -> None:
            try:
                self.storage.put(granted.url, granted.headers, body, item.size, name)
            except StorageFailed as failure:
                if not failure.may_pass:
                    raise
                (renewed,) = self.client.initiate(msgspec.structs.replace(batch, items=[item]))
                if not isinstance(renewed, UploadGranted):
                    raise
                self.storage.put(renewed.url, renewed.headers, body, item.size, name)

        with self.referring():
            self.client.patience.repeat(send)

    # --- down ----------------------------------------------------------------------------------------------

    def grants(self, items: Sequence[DownloadItem]) -> Iterator[DownloadGranted | TransferFailed]:
        """A grant for each item, or why there is none; requested batch by batch, since URLs expire."""
        for start in range(0, len(items), MAX_ITEMS):
            yield from self._request(items[start : start + MAX_ITEMS])

    def _request(self, items: Sequence[DownloadItem]) -> list[DownloadGranted | TransferFailed]:
        try:
            answers = self.client.downloads(items)
        except TransferFailed as failure:
            return [failure] * len(items)
        return [answer if isinstance(answer, DownloadGranted) else failure_of(answer) for answer in answers]

    def receive(self, kind: Kind, granted: DownloadGranted, target: BinaryIO, name: str) -> None:
        """Download what was granted; once more with a fresh URL where that may help, again while the store is away."""

        def fetch() -> None:
            try:
                self._get(granted, target, name)
            except StorageFailed as failure:
                if not failure.may_pass:
                    raise
                (renewed,) = self._request([DownloadItem(kind, granted.id)])
                self._get(accept(renewed), target, name)

        with self.referring():
            self.client.patience.repeat(fetch)

    def _get(self, granted: DownloadGranted, target: BinaryIO, name: str) -> None:
        target.seek(0)
        target.truncate()
        self.storage.get(granted.url, granted.headers, target, granted.size, granted.sha256, name)
        target.seek(0)


def _outcome_of(completion: CompletionAnswer | Unreadable, kind: Kind) -> Record | TransferFailed:
    """The record of an upload whose bytes were sent, or why there is none."""
    match completion:
        case UploadCompleted():
            return completion.record
        case Unreadable():
            return _unconfirmed(kind, completion.failure)
    return failure_of(completion)


def _unconfirmed(kind: Kind, failure: TransferFailed) -> ServiceUnreachable:
    """The bytes have arrived, and it is not known what became of them."""
    return ServiceUnreachable(say(UNCONFIRMED[kind]), failure.request_id)


def md5_of(body: BinaryIO) -> str | None:
    """None where this machine forbids MD5, as some do."""
    try:
        digest = hashlib.md5(usedforsecurity=False)
    except ValueError:
        return None
    body.seek(0)
    while chunk := body.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def accept(granted: DownloadGranted | TransferFailed) -> DownloadGranted:
    """The grant; raises the failure where there is none."""
    if isinstance(granted, TransferFailed):
        raise granted
    return granted
