"""Answers of the service, read leniently, since it may be newer; but names have to be safe, since they become paths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from nbexchange import protocol
from nbexchange.plugin.failures import ServiceRefused, TransferFailed
from nbexchange.plugin.messages import say

T = TypeVar("T")

BATCHES = (
    protocol.UploadAnswers,
    protocol.CompletionAnswers,
    protocol.Collections,
    protocol.DownloadAnswers,
    protocol.Removals,
)


class Unreadable(msgspec.Struct, frozen=True):
    """An item of an answer that this plugin does not understand, with the failure that says so."""

    id: UUID
    failure: TransferFailed


def failure_of(item: protocol.ItemFailed | protocol.UploadInParts | Unreadable) -> TransferFailed:
    """Why an item was not done."""
    match item:
        case protocol.ItemFailed():
            return ServiceRefused(item.problem)
        case protocol.UploadInParts():
            return TransferFailed(say("parts-wanted"))
    return item.failure


class ItemId(msgspec.Struct):
    """What all items have, also those of types that are not known here."""

    id: UUID


class ImpossibleName(Exception):
    """A name in an answer cannot be a single file name, and names become local paths."""


def read_answer(content: bytes, kind: type[T], failure: TransferFailed) -> T:
    """The answer; in a batch, each item that is not understood is `Unreadable`, with that failure.

    Raises `MsgspecError` or `ImpossibleName` where the whole is not understood.
    """
    try:
        answer = msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError:
        if kind not in BATCHES:
            raise
        answer = _read_by_item(content, kind, failure)
    check_names(answer)
    return answer


def _read_by_item(content: bytes, kind: Any, failure: TransferFailed) -> Any:
    whole = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
    raw_items = msgspec.json.decode(whole.get("items", b"null"), type=list[msgspec.Raw])
    answer = msgspec.json.decode(msgspec.json.encode({**whole, "items": []}), type=kind)
    (item_type,) = (field.type.__args__[0] for field in msgspec.structs.fields(kind) if field.name == "items")
    answer.items = [_read_item(raw, item_type, failure) for raw in raw_items]
    return answer


def _read_item(raw: msgspec.Raw, item_type: Any, failure: TransferFailed) -> Any:
    try:
        return msgspec.json.decode(raw, type=item_type)
    except msgspec.ValidationError:
        return Unreadable(msgspec.json.decode(raw, type=ItemId).id, failure)


def check_names(answer: object) -> None:
    """Raise `ImpossibleName` where a name in the answer cannot be a file name."""
    match answer:
        case protocol.Assignments():
            for entry in answer.assignments:
                _check(entry.course_id, entry.assignment_id)
                _check(*(feedback.notebook_id for feedback in entry.feedback))
                _check_submissions(entry.submissions)
        case protocol.Submissions():
            _check_submissions(answer.submissions)
        case protocol.UploadAnswers() | protocol.CompletionAnswers():
            records = [item.record for item in answer.items if isinstance(item, protocol.UploadCompleted)]
            _check_submissions([r for r in records if isinstance(r, protocol.SubmissionRecord)])
        case protocol.Roster():
            _check(*(member.name for member in answer.members))


def _check_submissions(records: Sequence[protocol.SubmissionRecord]) -> None:
    for record in records:
        _check(record.course_id, record.assignment_id, record.student_id)
        _check(*(feedback.notebook_id for feedback in record.feedback))


def _check(*names: str) -> None:
    if not all(protocol.is_path_component(name) for name in names):
        raise ImpossibleName
