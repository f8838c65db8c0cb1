"""A third store, of another distribution as it were: one file for each object, all of them in one folder."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile
from urllib.parse import quote, unquote, urlsplit

from nbexchange.storage import RequestRefused, StoredObject, StoreFactory, StoreUnavailable
from nbexchange.storage.signed_urls import BodyCheck, DeclaredBody, SignedUrls


class FlatDraft:
    def __init__(self, target: Path, declared: DeclaredBody) -> None:
        self.target = target
        self.check = BodyCheck(declared)
        self.file = NamedTemporaryFile(dir=target.parent, prefix=".")  # noqa: SIM115 - closed with the draft

    def write(self, piece: bytes) -> None:
        self.check.update(piece)
        self.file.write(piece)

    def finish(self) -> None:
        self.check.finish()
        self.file.flush()
        try:
            os.link(self.file.name, self.target)
        except FileExistsError:
            raise RequestRefused(412, "precondition-failed", "The object exists.") from None

    def close(self) -> None:
        self.file.close()


class FlatStore(SignedUrls):
    max_put_size = 8 << 30

    def __init__(self, folder: Path) -> None:
        super().__init__(b"a key for tests")
        self.folder = folder

    def begin(self, key: str, query: Mapping[str, str], headers: Mapping[str, str]) -> FlatDraft:
        return FlatDraft(self._path(key), self.check_put(key, query, headers))

    def locate(self, key: str, query: Mapping[str, str]) -> tuple[Path, str]:
        filename = self.check_get(key, query)
        if self.stat(key) is None:
            raise RequestRefused(404, "not-found", "There is no such object.")
        return self._path(key), filename

    def stat(self, key: str) -> StoredObject | None:
        body = self._path(key).read_bytes() if self._path(key).exists() else None
        return None if body is None else StoredObject(len(body), hashlib.sha256(body).hexdigest())

    def delete(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def list(self) -> Iterator[str]:
        self.ready()
        return (unquote(path.name) for path in self.folder.iterdir() if not path.name.startswith("."))

    def create(self) -> None:
        self.folder.mkdir(exist_ok=True)

    def ready(self) -> None:
        if not self.folder.is_dir():
            raise StoreUnavailable(f"there is no folder {self.folder}")

    def _path(self, key: str) -> Path:
        self.ready()
        return self.folder / quote(key, safe="")


FLAT = StoreFactory(lambda address, settings: FlatStore(Path(urlsplit(address).path)), "flat:///folder")
