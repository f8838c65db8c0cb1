"""A hostile archive of every class: each tries to write elsewhere, to take all memory, or to never end.

`make` gives one by its name; `victim` is a directory that they try to write to.
"""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zlib
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path

from support.archives.archives import Member, archive, special

DECLARED = 1_000_000
"""What each is announced to unpack to, in bytes."""

MiB = 1 << 20
END = bytes(2 * tarfile.BLOCKSIZE)


# --- elsewhere ---------------------------------------------------------------------------------------------


def escaping() -> bytes:
    return archive(("../../evil", b"x"))


def linking() -> bytes:
    return archive(link("out", "../.."), ("out/evil", b"x"))


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> Member:
    return special(name, kind, linkname=target)


def through_a_long_chain(victim: Path) -> bytes:
    """CVE-2025-4517: a path that is too long to be resolved is taken for one inside."""
    members: list[Member] = []
    folder, name = "", "d" * 247
    for step in "abcdefghijklmnop":
        members += [(f"{folder}{name}", None), link(f"{folder}{step}", name)]
        folder = f"{folder}{name}/"
    chain = "/".join("abcdefghijklmnop") + "/" + "l" * 254
    members += [
        link(chain, "../" * 16),
        link("escape", f"{chain}/../../..{victim}"),
        link("hard", "escape/evil", tarfile.LNKTYPE),
        ("hard", b"x"),
    ]
    return archive(*members, format=tarfile.PAX_FORMAT)


def through_a_hard_link(victim: Path) -> bytes:
    """CVE-2026-11940: a hard link takes a relative link from deep in the tree to its top."""
    members = [
        ("a", None),
        ("a/b", None),
        link("a/b/deep", "../.."),
        link("top", "a/b/deep", tarfile.LNKTYPE),
        ("top/../evil", b"x"),
    ]
    return archive(*members)


ELSEWHERE: dict[str, Callable[[Path], bytes]] = {
    "parent": lambda _: escaping(),
    "absolute": lambda victim: archive((f"{victim}/evil", b"x")),
    "link to a folder": lambda _: linking(),
    "absolute link": lambda victim: archive(link("out", str(victim)), ("out/evil", b"x")),
    "link under a file's name": lambda victim: archive(link("a", f"{victim}/evil"), ("a", b"x")),
    "hard link": lambda victim: archive(link("a", f"{victim}/kept", tarfile.LNKTYPE), ("a", b"x")),
    "long chain of links": through_a_long_chain,
    "hard link to a deeper link": through_a_hard_link,
    "device": lambda _: archive(special("null", tarfile.CHRTYPE, devmajor=1, devminor=3)),
    "block device": lambda _: archive(special("disk", tarfile.BLKTYPE, devmajor=8)),
    "pipe": lambda _: archive(special("pipe", tarfile.FIFOTYPE)),
    "directory dump": lambda _: archive(special("dump", b"D")),
    "volume": lambda _: archive(special("label", b"V")),
    "continued file": lambda _: archive(special("rest", b"M")),
    "control character": lambda _: archive(("a\x1b[2Jb", b"x")),
    "twice": lambda _: archive(("a", b"x"), ("a", b"y")),
    "path in a header": lambda victim: archive(
        special("a", tarfile.REGTYPE, pax_headers={"path": f"{victim}/evil"}), format=tarfile.PAX_FORMAT
    ),
}


# --- without end -------------------------------------------------------------------------------------------


def compressed(pieces: Iterable[bytes]) -> bytes:
    """A gzip stream of these. Each is deflated by itself, so that one which comes often is deflated once."""
    return b"\x1f\x8b\x08" + bytes(6) + b"\xff" + b"".join(map(deflated, pieces)) + b"\x03\x00" + bytes(8)


@lru_cache(16)
def deflated(piece: bytes) -> bytes:
    engine = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    return engine.compress(piece) + engine.flush(zlib.Z_FULL_FLUSH)


def members(pieces: Iterable[bytes]) -> bytes:
    """A gzip stream of these, each of which comes once."""
    engine = zlib.compressobj(1, wbits=16 + zlib.MAX_WBITS)
    return b"".join([*map(engine.compress, pieces), engine.flush()])


def header(name: str, size: int = 0, kind: bytes = tarfile.REGTYPE) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    return info.tobuf(tarfile.GNU_FORMAT)


def bomb() -> bytes:
    """A file of 1 GiB in 1 MB."""
    return compressed([header("a", 1 << 30), *[bytes(MiB)] * 1024, END])


def long_header(kind: bytes, size: int) -> bytes:
    return compressed([header("a", size, kind), *[b"x" * MiB] * (size // MiB), header("b"), END])


def records(count: int, record: bytes) -> bytes:
    """Members with an extended header of many small records each."""
    body = record * (16_000 // len(record))
    padding = bytes(-len(body) % tarfile.BLOCKSIZE)
    return members(
        header("x", len(body), tarfile.XHDTYPE) + body + padding + header(str(number))
        for number in range(count)
    )


def sparse_file() -> bytes:
    """207 bytes that are a file of 8 TiB."""
    block = bytearray(header("s", 0, tarfile.GNUTYPE_SPARSE))
    block[386:410] = b"%011o\0%011o\0" % (0, 0)
    block[483:495] = b"\x80" + (8 << 40).to_bytes(11, "big")
    block[148:156] = b"%06o\0 " % (sum(block[:148]) + 8 * 32 + sum(block[156:]))
    return gzip.compress(bytes(block) + END)


def sparse_record(**values: str) -> bytes:
    named = {name.replace("_", "."): value for name, value in values.items()}
    return archive(special("s", tarfile.REGTYPE, pax_headers=named), format=tarfile.PAX_FORMAT)


def size_of(number: bytes) -> bytes:
    """A file whose size is this, in the binary form of GNU tar."""
    block = bytearray(header("a"))
    block[124:136] = number
    block[148:156] = b"%06o\0 " % (sum(block[:148]) + 8 * 32 + sum(block[156:]))
    return gzip.compress(bytes(block) + bytes(MiB))


def many_streams(count: int) -> bytes:
    """A gzip file may have many members, also empty ones."""
    return gzip.compress(b"") * count + archive(("a", b"x"))


def long_comment(size: int) -> bytes:
    """A gzip header with a file name that does not end for long."""
    plain = archive(("a", b"x"))
    return plain[:3] + b"\x08" + plain[4:10] + b"n" * size + b"\0" + plain[10:]


def empty_blocks(count: int) -> bytes:
    """Deflate blocks without content, before the archive."""
    return b"\x1f\x8b\x08" + bytes(6) + b"\xff" + b"\x00\x00\x00\xff\xff" * count


def another_compression() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:xz") as tar:
        tar.addfile(tarfile.TarInfo("a"))
    return buffer.getvalue()


WITHOUT_END: dict[str, Callable[[], bytes]] = {
    "bomb": bomb,
    "bomb in a bomb": lambda: gzip.compress(bomb()),
    "bomb of padding": lambda: compressed([header("a"), END, *[bytes(MiB)] * 1024]),
    "giant extended header": lambda: long_header(tarfile.XHDTYPE, 256 * MiB),
    "giant global header": lambda: long_header(tarfile.XGLTYPE, 256 * MiB),
    "giant header of Solaris": lambda: long_header(b"X", 256 * MiB),
    "giant long name": lambda: long_header(tarfile.GNUTYPE_LONGNAME, 256 * MiB),
    "giant long link": lambda: long_header(tarfile.GNUTYPE_LONGLINK, 256 * MiB),
    "many members": lambda: members(header(str(number)) for number in range(51_000)),
    "headers of headers": lambda: compressed([header("x", 0, tarfile.XHDTYPE)] * 200_000),
    "names of names": lambda: compressed([header("x", 0, tarfile.GNUTYPE_LONGNAME)] * 200_000),
    "headers of records": lambda: records(8000, b"7 a=b\n" + b"8 k=vv\n"),
    "headers of digits": lambda: records(8000, b"1" * 1000),
    "deep path": lambda: archive(("/".join("d" * 1000), b"x")),
    "sparse": sparse_file,
    "sparse 0.0": lambda: sparse_record(GNU_sparse_size=str(8 << 40), GNU_sparse_numblocks="99999999"),
    "sparse 0.1": lambda: sparse_record(GNU_sparse_size=str(8 << 40), GNU_sparse_map="0,1," * 2000 + "0,1"),
    "sparse 1.0": lambda: sparse_record(
        GNU_sparse_major="1", GNU_sparse_minor="0", GNU_sparse_realsize=str(8 << 40)
    ),
    "size beyond all": lambda: size_of(b"\x80" + struct.pack(">3xQ", (1 << 64) - 1)),
    "size below nothing": lambda: size_of(b"\xff" * 11 + b"\x00"),
    "many streams": lambda: many_streams(500_000),
    "long comment": lambda: long_comment(64 * MiB),
    "empty blocks": lambda: empty_blocks(4_000_000),
    "another compression": another_compression,
}


NAMES = sorted({*ELSEWHERE, *WITHOUT_END})


def make(name: str, victim: Path) -> bytes:
    return ELSEWHERE[name](victim) if name in ELSEWHERE else WITHOUT_END[name]()
