"""Objects carried between a local file and the store, with the service's leave and to the service's record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID

import msgspec

from nbexchange.plugin.client import Client
from nbexchange.plugin.failures import ServiceRefused, StorageFailed, TransferFailed
from nbexchange.plugin.storage import Storage
from nbexchange.protocol import (
    DownloadGranted,
    DownloadItem,
    InitiateUploads,
    ItemFailed,
    Kind,
    Problem,
    Record,
    UploadAnswer,
    UploadCompleted,
    UploadGranted,
)

RENEWABLE = 403
"""What a store says, among other things, when a URL has run out."""


@dataclass(frozen=True)
class Transfer:
    client: Client
    storage: Storage

    # --- up ------------------------------------------------------------------------------------------------

    def send(self, batch: InitiateUploads, body: BinaryIO, name: str) -> Record:
        """Carry the only item of a batch; raises `TransferFailed`."""
        outcome = self.send_all(batch, {batch.items[0].id: body}, name)[batch.items[0].id]
        if isinstance(outcome, Problem):
            raise ServiceRefused(outcome)
        return outcome

    def send_all(
        self, batch: InitiateUploads, bodies: Mapping[UUID, BinaryIO], name: str
    ) -> dict[UUID, Record | Problem]:
        """Carry every item of a batch; what stands in the way of one is that item's outcome."""
        outcome: dict[UUID, Record | Problem] = {}
        sent: list[UUID] = []
        for answer in self._initiate(batch):
            match answer:
                case UploadGranted():
                    self._put(batch, answer, bodies[answer.id], name)
                    sent.append(answer.id)
                case UploadCompleted():
                    outcome[answer.id] = answer.record
                case ItemFailed():
                    outcome[answer.id] = answer.problem
                case _:
                    raise TransferFailed("The exchange service wants an upload in parts: update this plugin.")
        for completion in self.client.complete(sent) if sent else ():
            if isinstance(completion, ItemFailed):
                outcome[completion.id] = completion.problem
            else:
                outcome[completion.id] = completion.record
        return outcome

    def _initiate(self, batch: InitiateUploads) -> Sequence[UploadAnswer]:
        answers = self.client.initiate(batch)
        if any(isinstance(a, ItemFailed) and a.problem.type == "too-many-pending" for a in answers):
            self._settle(batch)
            answers = self.client.initiate(batch)
        return answers

    def _settle(self, batch: InitiateUploads) -> None:
        """End the caller's unfinished uploads for this assignment: complete what was sent, give up the rest."""
        ids = [
            upload.id
            for upload in self.client.pending()
            if (upload.course_id, upload.assignment_id) == (batch.course_id, batch.assignment_id)
        ]
        for completion in self.client.complete(ids) if ids else ():
            if isinstance(completion, ItemFailed) and completion.problem.type == "object-missing":
                self.client.abort(completion.id)

    def _put(self, batch: InitiateUploads, granted: UploadGranted, body: BinaryIO, name: str) -> None:
        """Send the bytes; where the URL may have run out, once more with a fresh one."""
        (item,) = (item for item in batch.items if item.id == granted.id)
        try:
            self.storage.put(granted.url, granted.headers, body, item.size, name)
        except StorageFailed as failure:
            if failure.status != RENEWABLE:
                raise
            (renewed,) = self.client.initiate(msgspec.structs.replace(batch, items=[item]))
            if not isinstance(renewed, UploadGranted):
                raise
            self.storage.put(renewed.url, renewed.headers, body, item.size, name)

    # --- down ----------------------------------------------------------------------------------------------

    def fetch(self, kind: Kind, object_id: UUID, target: BinaryIO, name: str) -> DownloadGranted:
        """Bring one object, checked against its size and digest; raises `TransferFailed`."""
        (answer,) = self.client.downloads([DownloadItem(kind, object_id)])
        if isinstance(answer, ItemFailed):
            raise ServiceRefused(answer.problem)
        return self.receive(kind, answer, target, name)

    def receive(self, kind: Kind, granted: DownloadGranted, target: BinaryIO, name: str) -> DownloadGranted:
        """Bring what was granted; where the URL may have run out, once more with a fresh one."""
        try:
            self._get(granted, target, name)
        except StorageFailed as failure:
            if failure.status != RENEWABLE:
                raise
            (renewed,) = self.client.downloads([DownloadItem(kind, granted.id)])
            if not isinstance(renewed, DownloadGranted):
                raise
            self._get(renewed, target, name)
        return granted

    def _get(self, granted: DownloadGranted, target: BinaryIO, name: str) -> None:
        target.seek(0)
        target.truncate()
        self.storage.get(granted.url, granted.headers, target, granted.size, granted.sha256, name)
        target.seek(0)
