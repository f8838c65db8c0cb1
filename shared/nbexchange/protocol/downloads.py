"""Fetching files."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from nbexchange.protocol.base import Answer, Instant, ItemFailed, Request
from nbexchange.protocol.limits import MAX_ITEMS
from nbexchange.protocol.records import Kind


class DownloadItem(Request):
    kind: Kind
    id: UUID


class RequestDownloads(Request):
    items: Annotated[list[DownloadItem], Meta(min_length=1, max_length=MAX_ITEMS)]


class DownloadGranted(Answer, tag_field="type", tag="download"):
    """GET `url` with these headers, then check size and digest. A relative URL is relative to the service."""

    id: UUID
    url: str
    headers: dict[str, str]
    expires_at: Instant
    size: int
    sha256: str
    unpacked_size: int | None = None


DownloadAnswer = DownloadGranted | ItemFailed


class DownloadAnswers(Answer):
    items: list[DownloadAnswer]
