"""Static tokens in a file: for development, demonstrations and very small installations."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Request

from nbexchange.api.access.identity import Identity
from nbexchange.api.auth import bearer_token
from nbexchange.api.auth.custom import identity_of


@dataclass(frozen=True)
class TokenFile:
    """A JSON file, readable by its owner alone, that knows the SHA-256 of each token and whom it stands for."""

    path: Path

    def create(self, user: Mapping[str, Any]) -> str:
        """Make a token for `user` (the form of `get_current_user`) and give it: it is not kept anywhere."""
        identity_of(user)
        token = secrets.token_urlsafe(32)
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._write({**self.users(), digest(token): dict(user)})
        return token

    def version(self) -> object:
        """Something that is another one after each change; None where there is no file."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size

    def users(self) -> dict[str, Any]:
        """The users by the digest of their token."""
        try:
            users: dict[str, Any] = json.loads(self.path.read_text())
        except FileNotFoundError:
            return {}
        return users

    def _write(self, users: Mapping[str, Any]) -> None:
        handle, draft = tempfile.mkstemp(dir=self.path.parent)  # mode 0600
        try:
            with os.fdopen(handle, "w") as file:
                json.dump(users, file, indent=1)
            Path(draft).replace(self.path)
        finally:
            Path(draft).unlink(missing_ok=True)


@dataclass
class StaticTokens:
    """Looks tokens up in the file as it is at each request: a new or removed one counts at once."""

    file: TokenFile
    _read: tuple[object, Mapping[str, Any], dict[str, Identity]] = field(
        default=(None, {}, {}), init=False, repr=False
    )
    """Which file was read last, its users, and the identities of those who called since, by their tokens' digests."""

    def authenticate(self, request: Request) -> Identity | None:
        token = bearer_token(request)
        if token is None:
            return None
        users, identities = self._read_if_new()
        key = digest(token)
        if key not in identities:
            user = users.get(key)
            if not user:
                return None
            identities[key] = identity_of(user)
        return identities[key]

    def _read_if_new(self) -> tuple[Mapping[str, Any], dict[str, Identity]]:
        version, users, identities = self._read
        if version is None or version != self.file.version():
            version, users, identities = self.file.version(), self.file.users(), {}
            self._read = version, users, identities
        return users, identities


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
