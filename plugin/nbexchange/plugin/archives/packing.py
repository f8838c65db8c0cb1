"""A tree packed into one archive on disk, within its limits, hashed on the way."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

from msgspec import Struct, field

from nbexchange.plugin.archives.compression import Gzip
from nbexchange.plugin.archives.digests import HashedFile, TreeDigest
from nbexchange.plugin.archives.refusals import changed, shrinks_too_far, too_large, too_many
from nbexchange.plugin.archives.selection import EVERYTHING, LeftOut, Selection
from nbexchange.plugin.failures import PackingFailed
from nbexchange.plugin.messages import say
from nbexchange.plugin.origins import stays_here
from nbexchange.protocol import (
    DEFAULT_MAX_UNPACKED_RATIO,
    MAX_MEMBERS,
    MAX_NOTEBOOK_BYTES,
    UploadItem,
    is_relative_path,
    listed_notebooks,
    size_of_names,
    unpacked_limit,
)

CHUNK = 1 << 18
"""Bytes of a file that are read at once."""


class Limits(Struct, frozen=True):
    """Bytes of the packed archive (`max_buffer_size`) and of what is in it (`max_unpacked_size`, and
    `max_unpacked_ratio` times the first).
    """

    packed: int
    unpacked: int
    ratio: int = DEFAULT_MAX_UNPACKED_RATIO


class Packed(Struct, frozen=True):
    """An archive, and what the service is told about it before the first byte."""

    size: int
    sha256: str
    unpacked_size: int
    notebooks: list[str]
    members: int
    tree_sha256: str

    def to_item(self, **values: Any) -> UploadItem:
        """The item that announces it. Each call makes a new id, which is a new upload."""
        return UploadItem(
            id=uuid4(),
            size=self.size,
            sha256=self.sha256,
            unpacked_size=self.unpacked_size,
            notebooks=self.notebooks,
            members=self.members,
            **values,
        )


class File(Struct, frozen=True):
    """A file that travels, as it was when the tree was looked at: `identity` is its device and inode.

    `name` is its path in the archive.
    """

    path: str
    name: str
    size: int
    identity: tuple[int, int]


class Tree(Struct):
    """What of a directory travels: directories and files by their relative path, and what was left out."""

    root: Path
    directories: list[str] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    left_out: LeftOut = field(default_factory=LeftOut)

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    @property
    def members(self) -> int:
        return len(self.files) + len(self.directories)

    @property
    def notebooks(self) -> list[str]:
        """Those that lists have."""
        names = sorted(file.name for file in self.files if file.name.endswith(".ipynb"))
        return list(listed_notebooks(names))


def survey(root: Path, selection: Selection = EVERYTHING, max_members: int = MAX_MEMBERS) -> Tree:
    """Walk the tree, following links that stay inside it; what does not travel is in `left_out`."""
    tree = Tree(root)
    for path, entry in _walk(tree, "", selection, [], root.resolve()):
        if entry is None:
            tree.directories.append(path)
        else:
            tree.files.append(File(path, path, entry.st_size, (entry.st_dev, entry.st_ino)))
        if tree.members > max_members:
            raise too_many(root, f"{max_members} files and directories (max_members)")
    if size_of_names(tree.notebooks) > MAX_NOTEBOOK_BYTES:
        raise too_many(root, f"notebooks with names of {MAX_NOTEBOOK_BYTES} bytes in all")
    return tree


def _walk(
    tree: Tree, below: str, selection: Selection, above: list[Path], real_root: Path
) -> Iterator[tuple[str, os.stat_result | None]]:
    """The files that travel, each with its status, and the directories, each before what is in it."""
    names = sorted(entry.name for entry in (tree.root / below).iterdir())
    unsafe = selection.unsafe_among(names)
    for name in names:
        path = f"{below}/{name}" if below else name
        if stays_here(path):
            continue
        if name in unsafe:
            tree.left_out.unsafe.add(path)
            continue
        status = _stat(tree.root / path, real_root)
        size = status.st_size if status and stat.S_ISREG(status.st_mode) else None
        if selection.leaves_out(path, size, tree.left_out):
            continue
        if status is None or not is_relative_path(path):
            tree.left_out.odd.add(path)
        elif size is None:
            real = (tree.root / path).resolve()
            if real in above or real == real_root:  # a link to a directory above itself
                tree.left_out.odd.add(path)
                continue
            yield path, None
            yield from _walk(tree, path, selection, [*above, real], real_root)
        else:
            yield path, status


def _stat(path: Path, real_root: Path) -> os.stat_result | None:
    """The file or directory at `path`; None for anything that may not travel."""
    try:
        status = path.stat()
    except OSError:
        return None
    if path.is_symlink() and not path.resolve().is_relative_to(real_root):
        return None
    return status if stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode) else None


def pack(tree: Tree, archive: BinaryIO, limits: Limits) -> Packed:
    """Write the tree to `archive`; stops the moment a limit is exceeded, raising `ArchiveTooLarge`.

    A file that changes while it is read raises `PackingFailed`: a notebook that is half old and half new
    was never saved.
    """
    if tree.size > limits.unpacked:
        raise too_large(tree, "unpacked", tree.size, limits.unpacked, "max_unpacked_size")
    sink = _HashingSink(archive, tree, limits.packed)
    gzip, content = Gzip(sink), TreeDigest()
    with tarfile.TarFile(fileobj=gzip, mode="w", format=tarfile.PAX_FORMAT, copybufsize=CHUNK) as tar:
        for path in tree.directories:
            member = tarfile.TarInfo(path)
            member.type, member.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(member)
            content.add(member)
        for file in tree.files:
            content.add(*_add_file(tar, tree.root, file))
    gzip.finish()
    if tree.size > unpacked_limit(sink.size, limits.ratio):
        raise shrinks_too_far(tree, sink.size, limits.ratio)
    digest = sink.digest.hexdigest()
    return Packed(sink.size, digest, tree.size, tree.notebooks, tree.members, content.hexdigest())


def _add_file(tar: tarfile.TarFile, root: Path, file: File) -> tuple[tarfile.TarInfo, str]:
    """Gives the member that the file became, and the digest of its content."""
    member = tarfile.TarInfo(file.name)
    member.size, member.mode = file.size, 0o644
    try:
        with open(root / file.path, "rb", opener=_without_waiting) as source:
            before = os.fstat(source.fileno())
            if (before.st_dev, before.st_ino) != file.identity or before.st_size != file.size:
                raise changed(file.path)
            member.mtime = int(before.st_mtime)
            content = HashedFile(source)
            tar.addfile(member, content)
            after = os.fstat(source.fileno())
    except PermissionError:
        raise PackingFailed(say("not-readable", path=file.path)) from None
    except (FileNotFoundError, IsADirectoryError):
        raise changed(file.path) from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise changed(file.path) from None  # tarfile met the end of the file too early
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise changed(file.path)
    return member, content.digest.hexdigest()


def _without_waiting(path: str, flags: int) -> int:
    """Open what may have become a pipe since it was looked at."""
    return os.open(path, flags | os.O_NONBLOCK)


class _HashingSink(io.RawIOBase):
    """Passes writes on, counting and hashing; refuses the one that would exceed the limit."""

    def __init__(self, target: BinaryIO, tree: Tree, limit: int) -> None:
        self.target = target
        self.tree = tree
        self.limit = limit
        self.size = 0
        self.digest = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes, /) -> int:  # type: ignore[override]  # tarfile and gzip write bytes
        if self.size + len(data) > self.limit:
            raise too_large(self.tree, "packed", None, self.limit, "max_buffer_size")
        self.target.write(data)
        self.digest.update(data)
        self.size += len(data)
        return len(data)
