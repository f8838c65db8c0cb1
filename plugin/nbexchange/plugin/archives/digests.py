"""The digest of what is in an archive: the same for the same work, since no times are in it."""

from __future__ import annotations

import hashlib
import tarfile
from typing import BinaryIO


class TreeDigest:
    """Of the members of an archive: their kinds, modes, paths and contents, in the order of their paths."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, member: tarfile.TarInfo, content: str = "") -> None:
        """Count a member in; `content` is the digest of a file's."""
        kind = "directory" if member.isdir() else "file"
        # No path has a line's end in it, so no two trees have the same lines.
        self.lines.append(f"{member.name}\n{kind} {member.mode:o} {content}\n")

    def hexdigest(self) -> str:
        return hashlib.sha256("".join(sorted(self.lines)).encode()).hexdigest()


class HashedFile:
    """A file that is hashed while it is read."""

    def __init__(self, source: BinaryIO) -> None:
        self.source = source
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self.source.read(size)
        self.digest.update(data)
        return data
