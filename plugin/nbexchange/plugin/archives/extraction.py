"""An archive unpacked as if it were hostile: regular files and directories only, within what was declared."""

from __future__ import annotations

import io
import os
import re
import struct
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from msgspec import Struct

from nbexchange.plugin.archives.selection import EVERYTHING, LeftOut, Selection
from nbexchange.plugin.failures import ArchiveRefused
from nbexchange.plugin.origins import stays_here
from nbexchange.protocol import MAX_MEMBERS, is_relative_path

MAX_HEADER = 1 << 14
"""Bytes of one extended header: tarfile reads it in one piece, however long it says it is."""

MAX_HEADERS = 1 << 26
"""Bytes of all extended headers of an archive."""

LONG_NUMBER = re.compile(rb"\d{256}")
"""In headers: longer than any number in a name, and older versions of tarfile take quadratic time for it."""

SLACK = 1 << 16
"""Bytes around all members: the end of the archive and its padding."""

MEMBER_OVERHEAD = 2 * tarfile.BLOCKSIZE
"""Bytes around one member, besides extended headers: its header and its padding."""

CHUNK = 1 << 18

DEFLATED, INFLATED = 1 << 15, 1 << 16
"""Bytes that are read at once of the archive and of what is in it."""

LATEST = 253402300800
"""The time of a file that is not set, nor any after: the year 10000, which no program can print."""

END = bytes(tarfile.BLOCKSIZE)
"""The block that ends an archive."""

DAMAGE_ERRORS = (
    tarfile.TarError,
    EOFError,
    zlib.error,
    struct.error,
    ValueError,
    ArithmeticError,
    LookupError,
    RecursionError,
)
"""What the standard library raises on damaged archives."""


class Modes(Struct, frozen=True):
    """Permissions of what is unpacked, whatever the archive says."""

    file: int = 0o644
    directory: int = 0o755


def unpack(
    archive: BinaryIO,
    destination: Path,
    unpacked_size: int,
    modes: Modes,
    selection: Selection = EVERYTHING,
    max_members: int = MAX_MEMBERS,
) -> LeftOut:
    """Unpack what is wanted into the new directory `destination`; gives what was left out.

    Raises `ArchiveRefused` at the first violation, also in what is not wanted.
    """
    left_out = LeftOut()
    stream = _ForwardReader(io.BufferedReader(_Inflater(archive), INFLATED))
    destination.mkdir()
    try:
        with tarfile.open(fileobj=stream, mode="r:") as tar:  # type: ignore[call-overload]  # of a stream it needs these methods alone
            for member in _members(tar, stream, unpacked_size, max_members):
                target = destination / member.name
                if selection.leaves_out(member.name, member.size if member.isreg() else None, left_out):
                    continue
                if member.isdir():
                    target.mkdir()
                else:
                    with stream.reading_content():
                        _write(tar, member, target, modes.file)
            if stream.latest != END:  # tarfile takes a header that it cannot read for the end
                raise ArchiveRefused("the archive is damaged")
    except DAMAGE_ERRORS:
        raise ArchiveRefused("the archive is damaged") from None
    except FileExistsError:
        raise ArchiveRefused("the archive names the same file twice") from None
    except FileNotFoundError:  # each directory is a member of its own, which counts
        raise ArchiveRefused("the archive names a file before its directory") from None
    except NotADirectoryError:
        raise ArchiveRefused("the archive uses a file as a directory") from None
    _finish(destination, modes.directory, selection, left_out)
    return left_out


def _members(
    tar: tarfile.TarFile, stream: _ForwardReader, left: int, max_members: int
) -> Iterator[tarfile.TarInfo]:
    """The members that are unpacked, each looked at before anything is written for it."""
    for count, member in enumerate(tar):
        tar.members.clear()  # type: ignore[attr-defined]  # it would keep every header
        if count >= max_members:
            raise ArchiveRefused(f"the archive has more than {max_members} members (c.Exchange.max_members)")
        if not (member.isreg() or member.isdir()) or member.issparse() or tar.pax_headers:
            raise ArchiveRefused("the archive holds something that is neither a file nor a directory")
        if not is_relative_path(member.name):
            raise ArchiveRefused("the archive holds a name that leaves the directory or cannot be a file's")
        size = member.size if member.isreg() else 0
        left -= size
        if left < 0 or size < 0:
            raise ArchiveRefused("the archive holds more than was announced")
        stream.budget += size + MEMBER_OVERHEAD
        if not stays_here(member.name):
            yield member


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path, mode: int) -> None:
    source = tar.extractfile(member)
    assert source is not None  # noqa: S101 - it is a regular file
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with os.fdopen(handle, "wb") as file:
        left = member.size
        while left:
            chunk = source.read(min(CHUNK, left))
            if not chunk:
                raise ArchiveRefused("the archive is damaged")
            file.write(chunk)
            left -= len(chunk)
        os.fchmod(file.fileno(), mode)
        file.flush()
        if 0 < member.mtime < LATEST:
            os.utime(file.fileno(), (member.mtime, member.mtime))


def _finish(root: Path, mode: int, selection: Selection, left_out: LeftOut) -> None:
    """Look at each directory once it is complete, and set its mode: one that is read-only could not be filled."""
    for folder, _, files in os.walk(root):
        for name in selection.unsafe_among(os.listdir(folder)):  # noqa: PTH208 - names are wanted
            if name in files:
                Path(folder, name).unlink()
                left_out.unsafe.add(Path(folder, name).relative_to(root).as_posix())
        Path(folder).chmod(mode)


class _Inflater(io.RawIOBase):
    """The content of a gzip file that is one stream, as ours are.

    `gzip.GzipFile` goes on to the next stream, and reads a header byte by byte, for as long as their author likes.
    """

    def __init__(self, archive: BinaryIO) -> None:
        self.archive = archive
        self.engine = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        data = b""
        while not data and not self.engine.eof:
            piece = self.engine.unconsumed_tail or self.archive.read(DEFLATED)
            if not piece:
                raise EOFError
            data = self.engine.decompress(piece, len(buffer))
        buffer[: len(data)] = data
        return len(data)


class _ForwardReader:
    """A seekable face for tarfile over a stream that only goes forward, in bounded time and memory.

    tarfile looks one byte back after each member, which no inflated stream can.
    `budget` is how many bytes may still be inflated: each admitted member adds its own, so that headers
    alone can be neither many nor long.
    """

    def __init__(self, source: BinaryIO) -> None:
        self.source = source
        self.budget = SLACK
        self.headers = MAX_HEADERS
        self.is_content = False
        self.position = 0
        self.latest = b""
        self.stepped_back = False

    @contextmanager
    def reading_content(self) -> Iterator[None]:
        """What is read in this block is a file's content, not a header."""
        self.is_content = True
        yield
        self.is_content = False

    def tell(self) -> int:
        return self.position

    def read(self, size: int = -1) -> bytes:
        is_header = not self.is_content and size > tarfile.BLOCKSIZE
        if is_header:
            self._allow_header(size)
        data = self._take(size)
        if is_header and LONG_NUMBER.search(data):
            raise ArchiveRefused("the archive has a header that no program would write")
        return data

    def _allow_header(self, size: int) -> None:
        self.headers -= size
        if size > MAX_HEADER or self.headers < 0:
            raise ArchiveRefused("the archive has a header that no program would write")
        self.budget += size + tarfile.BLOCKSIZE

    def _take(self, size: int) -> bytes:
        if not 0 <= size <= CHUNK:
            raise ArchiveRefused("the archive has a header that no program would write")
        again = b""
        if self.stepped_back and size:
            again, self.stepped_back = self.latest[-1:], False
        data = self.source.read(size - len(again))
        self.budget -= len(data)
        if self.budget < 0:
            raise ArchiveRefused("the archive holds more than was announced")
        data = again + data
        self.position += len(data)
        self.latest = data or self.latest
        return data

    def seek(self, position: int) -> int:
        if position == self.position - 1 and not self.stepped_back:
            self.stepped_back = True
            self.position = position
        while self.position < position:
            if not self._take(min(CHUNK, position - self.position)):
                break
        if self.position != position:
            raise tarfile.ReadError("unexpected seek")
        return position
