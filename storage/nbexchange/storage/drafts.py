"""Uploads on their way into the local store."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from nbexchange.storage.capabilities import RequestRefused
from nbexchange.storage.contract import StoreUnavailable
from nbexchange.storage.signed_urls import BodyCheck, DeclaredBody


class Draft:
    """The body of one signed PUT, kept beside the objects until it is whole.

    Of several drafts for one object the newest ends the others, in whatever process they are written: a signed URL that
    is used many times at once takes the place of one body. Every method raises `StoreUnavailable` when the directory
    cannot be used.
    """

    def __init__(self, incoming: Path, target: Path, declared: DeclaredBody) -> None:
        self.target = target
        self.check = BodyCheck(declared)
        # Names of one object sort by the time at which their drafts began.
        kind = hashlib.sha256(str(target).encode()).hexdigest()[:32]
        try:
            begun = Path(tempfile.mkdtemp(prefix="begun-", dir=incoming))
            self.data = (begun / "data").open("xb", buffering=0)
            # Under this name a newer draft ends it, which a folder without its file would not outlive.
            self.folder = begun.rename(incoming / f"{kind}-{time.time_ns():020}-{begun.name}")
        except OSError as error:
            raise StoreUnavailable(f"cannot write to {incoming}: {error.strerror}") from error
        for name in os.listdir(incoming):  # noqa: PTH208 - a pattern would be compiled anew for each upload
            if name.startswith(f"{kind}-") and name < self.folder.name:
                _end(incoming / name)

    def write(self, piece: bytes) -> None:
        """Add bytes; raises `RequestRefused` for too many, and when a newer transfer has taken over."""
        self.check.update(piece)
        with self._telling_failures():
            if not os.fstat(self.data.fileno()).st_nlink:
                raise self._ended()
            rest = memoryview(piece)
            while rest:
                rest = rest[self.data.write(rest) :]

    def finish(self) -> None:
        """Turn it into the object, in one step; raises `RequestRefused` unless the bytes are those declared."""
        self.check.finish()
        with self._telling_failures():
            make_durable(self.data)
            with (self.folder / "sha256").open("x") as file:
                file.write(self.check.declared.sha256)
                make_durable(file)
            _sync(self.folder)
            self._publish()

    def _publish(self) -> None:
        self.target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self.folder.rename(self.target)  # fails on a directory with something in it
        except OSError:
            if self.target.exists():
                raise RequestRefused(412, "precondition-failed", "The object exists.") from None
            raise
        _sync(self.target.parent)

    def close(self) -> None:
        """Keep nothing, unless it was finished."""
        self.data.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextmanager
    def _telling_failures(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if isinstance(error, FileNotFoundError) and not self.folder.exists():
                raise self._ended() from None
            raise StoreUnavailable(f"cannot write to {self.folder.parent}: {error.strerror}") from error

    def _ended(self) -> RequestRefused:
        return RequestRefused(409, "newer-transfer", "A newer transfer of this object has begun.")


def _end(folder: Path) -> None:
    """Take another transfer's folder away in one step, so that nothing is published while it is being removed."""
    trash = folder.with_name(f"ended-{secrets.token_hex(8)}")
    with suppress(FileNotFoundError):  # it was published, or has ended
        folder.rename(trash)
    shutil.rmtree(trash, ignore_errors=True)


def make_durable(file: IO[Any]) -> None:
    """Have the bytes of a file written to the disk itself."""
    file.flush()
    os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
