"""Objects in a directory, as strict as S3: for an installation without an object store.

Signed URLs are relative to the service, which passes the requests on to `receive` and `locate`. An object is a
directory that holds `data` and its digest: it is made elsewhere, checked, and renamed into place in one step
that fails when the name is taken. So nothing is overwritten and nothing is half there.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, BinaryIO
from urllib.parse import quote, urlencode

from nbexchange.storage.contract import Capabilities, SignedRequest, StoredObject, StoreUnavailable

KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
CHUNK = 1 << 20
DRAFT_LIFETIME = 24 * 3600  # seconds


class RequestRefused(Exception):
    """A signed request that the store does not carry out, with the HTTP status that S3 would answer."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code


@dataclass(frozen=True)
class LocalStore:
    root: Path
    signing_key: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.create()
        object.__setattr__(self, "signing_key", self._load_signing_key())

    def create(self) -> None:
        try:
            for folder in (self.objects, self.incoming):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._remove_stale_drafts()
        except OSError as error:
            raise StoreUnavailable(f"cannot use the directory {self.root}: {error.strerror}") from error

    def _remove_stale_drafts(self) -> None:
        """What a killed process left behind: no transfer takes longer than a day."""
        for draft in self.incoming.iterdir():
            with suppress(FileNotFoundError):
                if draft.is_dir() and time.time() - draft.stat().st_mtime > DRAFT_LIFETIME:
                    shutil.rmtree(draft, ignore_errors=True)

    @property
    def objects(self) -> Path:
        return self.root / "objects"

    @property
    def incoming(self) -> Path:
        return self.root / "incoming"

    def _load_signing_key(self) -> bytes:
        """The key of this store, made by whichever process comes first: a link cannot replace a file."""
        place = self.root / "signing-key"
        if not place.exists():
            handle, draft = tempfile.mkstemp(dir=self.incoming)  # mode 0600
            with os.fdopen(handle, "wb") as file:
                file.write(secrets.token_bytes(32))
                _make_durable(file)
            with suppress(FileExistsError):
                os.link(draft, place)
            Path(draft).unlink()
        return place.read_bytes()

    # --- signing -------------------------------------------------------------------------------------------

    public_url = "objects/"

    def sign_put(self, key: str, *, size: int, sha256: str, expires_at: datetime) -> SignedRequest:
        digest = base64.b64encode(bytes.fromhex(sha256)).decode()
        headers = {"content-length": str(size), "if-none-match": "*", "x-amz-checksum-sha256": digest}
        url = self._sign("PUT", key, {"size": str(size), "sha256": sha256}, expires_at)
        return SignedRequest("PUT", url, headers, expires_at)

    def sign_get(self, key: str, *, filename: str, expires_at: datetime) -> SignedRequest:
        return SignedRequest(
            "GET", self._sign("GET", key, {"filename": filename}, expires_at), {}, expires_at
        )

    def _sign(self, method: str, key: str, values: dict[str, str], expires_at: datetime) -> str:
        values = {**values, "expires": str(int(expires_at.timestamp()))}
        signature = self._signature(method, key, values)
        return f"{self.public_url}{quote(key)}?{urlencode({**values, 'signature': signature})}"

    def _signature(self, method: str, key: str, values: Mapping[str, str]) -> str:
        message = f"{method}\n{key}\n{urlencode(sorted(values.items()))}"
        return hmac.new(self.signing_key, message.encode(), hashlib.sha256).hexdigest()

    def _check(self, method: str, key: str, query: Mapping[str, str]) -> None:
        self._path(key)
        values = {name: value for name, value in query.items() if name != "signature"}
        expected = self._signature(method, key, values)
        if not hmac.compare_digest(expected.encode(), query.get("signature", "").encode()):
            raise RequestRefused(403, "signature-mismatch", "The signature does not fit the request.")
        if datetime.now(UTC).timestamp() >= int(values["expires"]):
            raise RequestRefused(403, "url-expired", "The URL has expired.")

    # --- what the service passes on ------------------------------------------------------------------------

    def receive(self, key: str, query: Mapping[str, str], headers: Mapping[str, str], body: BinaryIO) -> None:
        """Carry out a signed PUT; raises `RequestRefused` and keeps nothing unless all of it is as signed."""
        self._check("PUT", key, query)
        size, sha256 = int(query["size"]), query["sha256"]
        if headers.get("content-length") != str(size):
            raise RequestRefused(403, "signature-mismatch", "The length is not the one that was signed.")
        if headers.get("if-none-match") != "*":
            raise RequestRefused(403, "signature-mismatch", "The header If-None-Match is missing.")
        if headers.get("x-amz-checksum-sha256") != base64.b64encode(bytes.fromhex(sha256)).decode():
            raise RequestRefused(403, "signature-mismatch", "The digest is not the one that was signed.")
        if self._path(key).exists():
            raise RequestRefused(412, "precondition-failed", "The object exists.")
        try:
            self._store(key, size, sha256, body)
        except OSError as error:
            raise StoreUnavailable(f"cannot write to {self.root}: {error.strerror}") from error

    def _store(self, key: str, size: int, sha256: str, body: BinaryIO) -> None:
        draft = Path(tempfile.mkdtemp(dir=self.incoming))
        try:
            if _copy(body, draft / "data", size) != sha256:
                raise RequestRefused(400, "digest-mismatch", "The bytes are not those that were declared.")
            with (draft / "sha256").open("x") as file:
                file.write(sha256)
                _make_durable(file)
            _sync(draft)
            self._publish(draft, self._path(key))
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _publish(self, draft: Path, place: Path) -> None:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            draft.rename(place)  # fails on a directory with something in it
        except OSError:
            if place.exists():
                raise RequestRefused(412, "precondition-failed", "The object exists.") from None
            raise
        _sync(place.parent)

    def locate(self, key: str, query: Mapping[str, str]) -> tuple[Path, str]:
        """The file that a signed GET asks for and the name to send it under; raises `RequestRefused`."""
        self._check("GET", key, query)
        data = self._path(key) / "data"
        if not data.exists():
            raise RequestRefused(404, "not-found", "There is no such object.")
        return data, query["filename"]

    # --- what the service asks -----------------------------------------------------------------------------

    def stat(self, key: str) -> StoredObject | None:
        place = self._path(key)
        try:
            return StoredObject((place / "data").stat().st_size, (place / "sha256").read_text())
        except FileNotFoundError:
            self.ready()
            return None
        except OSError as error:
            raise StoreUnavailable(f"cannot read {self.root}: {error.strerror}") from error

    def delete(self, key: str) -> None:
        """Out of sight in one step, then removed."""
        if self.stat(key) is None:
            return  # what is there may be a folder of other objects
        try:
            with (
                tempfile.TemporaryDirectory(dir=self.incoming, ignore_cleanup_errors=True) as grave,
                suppress(FileNotFoundError),
            ):
                self._path(key).rename(Path(grave) / "object")
        except OSError as error:
            raise StoreUnavailable(f"cannot write to {self.root}: {error.strerror}") from error

    def list(self) -> Iterator[str]:
        self.ready()
        for folder, _, files in os.walk(self.objects):
            if "data" in files:
                yield Path(folder).relative_to(self.objects).as_posix()

    def ready(self) -> None:
        for folder in (self.objects, self.incoming):
            if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
                raise StoreUnavailable(f"the directory {folder} cannot be used")

    def capabilities(self) -> Capabilities:
        """This store is our own code: what it refuses is shown by its tests."""
        return Capabilities(True, True, True, True, True)

    def _path(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise RequestRefused(404, "not-found", "There is no such object.")
        return self.objects / key


def _copy(body: BinaryIO, place: Path, size: int) -> str:
    """Write exactly `size` bytes of `body`, durably; gives their digest."""
    digest = hashlib.sha256()
    left = size
    with place.open("xb") as file:
        while left and (chunk := body.read(min(CHUNK, left))):
            digest.update(chunk)
            file.write(chunk)
            left -= len(chunk)
        _make_durable(file)
    if left:
        raise RequestRefused(400, "incomplete-body", "The body ended before the declared length.")
    return digest.hexdigest()


def _make_durable(file: IO[Any]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
