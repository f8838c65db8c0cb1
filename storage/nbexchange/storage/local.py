"""Objects in a directory, as strict as S3: for an installation without an object store.

Signed URLs are relative to the service, which passes the requests on to `receive` and `locate`. An object is a
directory that holds `data` and its digest: it is written elsewhere, checked, and renamed to its key in one step that
fails when the name is taken. So nothing is overwritten and no object is incomplete.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from nbexchange.shared.section import Section, SettingsError
from nbexchange.storage.capabilities import RequestRefused
from nbexchange.storage.contract import StoredObject, StoreFactory, StoreUnavailable
from nbexchange.storage.drafts import Draft, make_durable
from nbexchange.storage.signed_urls import SignedUrls

KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
DRAFT_LIFETIME = 24 * 3600  # seconds


class LocalStore(SignedUrls):
    """Opening it makes its directory and signing key; raises `StoreUnavailable` where that fails."""

    max_put_size = 5 << 30
    """What S3 takes, so that the objects can move there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.objects, self.incoming = root / "objects", root / "incoming"
        self.create()
        super().__init__(self._load_signing_key())

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

    def _load_signing_key(self) -> bytes:
        """The key of this store, made by the process that comes first: a link cannot replace a file."""
        path = self.root / "signing-key"
        if not path.exists():
            handle, draft = tempfile.mkstemp(dir=self.incoming)  # mode 0600
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(secrets.token_bytes(32))
                    make_durable(file)
                with suppress(FileExistsError):
                    os.link(draft, path)
            finally:
                Path(draft).unlink()
        return path.read_bytes()

    # --- what the service passes on ------------------------------------------------------------------------

    def begin(self, key: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Draft:
        """Begin a signed PUT, whose body is handed to the draft; raises `RequestRefused`."""
        path = self._path(key)
        declared = self.check_put(key, query, headers)
        if path.exists():
            raise RequestRefused(412, "precondition-failed", "The object exists.")
        return Draft(self.incoming, path, declared)

    def locate(self, key: str, query: Mapping[str, str]) -> tuple[Path, str]:
        """The file that a signed GET asks for and the name to send it under; raises `RequestRefused`."""
        data = self._path(key) / "data"
        filename = self.check_get(key, query)
        if not data.exists():
            raise RequestRefused(404, "not-found", "There is no such object.")
        return data, filename

    # --- what the service asks -----------------------------------------------------------------------------

    def stat(self, key: str) -> StoredObject | None:
        path = self._path(key)
        try:
            with open(f"{path}/sha256") as file:  # noqa: PTH123 - a path for each file costs more than reading it
                return StoredObject(os.stat(f"{path}/data").st_size, file.read())  # noqa: PTH116 - see above
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
                tempfile.TemporaryDirectory(dir=self.incoming, ignore_cleanup_errors=True) as trash,
                suppress(FileNotFoundError),
            ):
                self._path(key).rename(Path(trash) / "object")
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

    def _path(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise RequestRefused(404, "not-found", "There is no such object.")
        return self.objects / key


def open_directory(address: str, settings: Section) -> LocalStore:
    """The store in a directory, named by its path or as `file:///path`."""
    url = urlsplit(address)
    if not url.scheme:
        return LocalStore(Path(address))
    if url.netloc not in {"", "localhost"} or not url.path.startswith("/") or url.query or url.fragment:
        raise SettingsError(f"{address} is no address of a directory: it is file:///path")
    return LocalStore(Path(unquote(url.path)))


LOCAL = StoreFactory(open_directory, "a directory, file:///path")
