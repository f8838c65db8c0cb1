"""Static tokens in a file: for development, demonstrations and very small installations."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True)
class StaticTokens:
    """Looks tokens up in the file at each request: a new or removed one counts at once."""

    file: TokenFile

    def authenticate(self, request: Request) -> Identity | None:
        token = bearer_token(request)
        if token is None:
            return None
        user = self.file.users().get(digest(token))
        return identity_of(user) if user else None


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
