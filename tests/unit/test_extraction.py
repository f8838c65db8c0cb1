"""An archive becomes a tree, or is refused: it may come from anybody."""

from __future__ import annotations

import gzip
import io
import os
import tarfile

import pytest
from support.archives.archives import archive, special

from nbexchange.plugin.archives.extraction import Modes, unpack
from nbexchange.plugin.archives.packing import Limits, pack, survey
from nbexchange.plugin.failures import ArchiveRefused


def extract(data, destination, size=1_000_000, modes=None):
    unpack(io.BytesIO(data), destination, size, modes or Modes())


@pytest.fixture
def destination(tmp_path):
    return tmp_path / "dest"


def test_what_was_packed_comes_out_again(tmp_path, destination):
    root = tmp_path / "ps1"
    (root / "data" / "empty").mkdir(parents=True)
    (root / "p 1.ipynb").write_text("{}")
    (root / "ü.txt").write_text("x" * 100_000)
    (root / "zero").write_bytes(b"")
    for number in range(50):
        (root / "data" / f"{number}.bin").write_bytes(os.urandom(512 * number))
    buffer = io.BytesIO()
    result = pack(survey(root), buffer, Limits(10**9, 10**9))
    extract(buffer.getvalue(), destination, result.unpacked_size)
    before = {p.relative_to(root): p.is_file() and p.read_bytes() for p in root.rglob("*")}
    after = {p.relative_to(destination): p.is_file() and p.read_bytes() for p in destination.rglob("*")}
    assert after == before


def test_an_empty_archive_is_an_empty_directory(destination):
    extract(archive(), destination, 0)
    assert list(destination.iterdir()) == []


def test_modes_are_ours_whatever_the_archive_says(destination):
    info = tarfile.TarInfo("run.sh")
    info.size, info.mode, info.uid = 1, 0o6777, 12345
    locked = tarfile.TarInfo("locked")
    locked.type, locked.mode = tarfile.DIRTYPE, 0o000
    extract(
        archive((locked, None), (info, b"x"), ("locked/in", b"x")), destination, modes=Modes(0o664, 0o2775)
    )
    assert (destination / "run.sh").stat().st_mode & 0o7777 == 0o664
    assert (destination / "locked").stat().st_mode & 0o7777 == 0o2775
    assert (destination / "run.sh").stat().st_uid == os.getuid()


def test_files_that_belong_to_one_side_are_skipped_at_the_top(destination):
    members = [
        ("timestamp.txt", b"forged"),
        ("submission_secret.txt/x", b"x"),
        ("data", None),
        ("data/timestamp.txt", b"own"),
    ]
    extract(archive(*members), destination)
    assert [p.name for p in destination.iterdir()] == ["data"]
    assert (destination / "data" / "timestamp.txt").read_bytes() == b"own"


HOSTILE = {
    "parent": [("../evil", b"x")],
    "parent inside": [("a/../../evil", b"x")],
    "absolute": [("/tmp/evil", b"x")],
    "dot": [("./a", b"x")],
    "backslash": [("..\\evil", b"x")],
    "control character": [("a\nb", b"x")],
    "too long": [("x" * 256, b"x")],
    "too deep": [("/".join("a" * 33), b"x")],
    "symlink": [special("link", tarfile.SYMTYPE, linkname="/etc/passwd")],
    "symlink inside": [("a", b"x"), special("link", tarfile.SYMTYPE, linkname="a")],
    "hard link": [("a", b"x"), special("link", tarfile.LNKTYPE, linkname="a")],
    "device": [special("dev", tarfile.CHRTYPE)],
    "block device": [special("dev", tarfile.BLKTYPE)],
    "pipe": [special("pipe", tarfile.FIFOTYPE)],
    "unknown type": [special("z", b"z")],
    "twice": [("a", b"x"), ("a", b"y")],
    "file as directory": [("a", b"x"), ("a/b", b"y")],
    "directory as file": [("a", None), ("a", b"y")],
    "sparse": [special("s", tarfile.GNUTYPE_SPARSE)],
    "pax sparse": [special("s", tarfile.REGTYPE, pax_headers={"GNU.sparse.size": str(1 << 43)})],
    "no directory": [("a/b", b"y")],
    "too long in all": [("/".join(["x" * 200] * 11), b"x")],
    "global header": [special("a", tarfile.REGTYPE)],
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_archive_is_refused_and_writes_nothing_outside(kind, tmp_path, destination):
    options = {"pax_headers": {"comment": "global"}} if kind == "global header" else {}
    with pytest.raises(ArchiveRefused):
        extract(archive(*HOSTILE[kind], **options), destination)
    assert {p.name for p in tmp_path.iterdir()} <= {"dest"}


def damaged():
    good = archive(("a", b"x" * 1000), ("b", b"y" * 1000))
    plain = bytearray(gzip.decompress(good))
    plain[0] ^= 0xFF
    return {
        "no archive": b"not an archive at all",
        "empty": b"",
        "html": b"<html>login</html>",
        "cut off": good[: len(good) // 2],
        "wrong checksum": gzip.compress(bytes(plain)),
        "cut in a header": gzip.compress(gzip.decompress(good)[:700]),
        "cut in a later header": gzip.compress(gzip.decompress(good)[:2000]),
        "cut in a file": gzip.compress(gzip.decompress(good)[:2400]),
        "cut before its end": gzip.compress(gzip.decompress(good)[:3072]),
        "garbage in a later header": gzip.compress(gzip.decompress(good)[:1536] + b"x" * 4096),
    }


@pytest.mark.parametrize("kind", damaged())
def test_a_damaged_archive_is_refused(kind, destination):
    with pytest.raises(ArchiveRefused):
        extract(damaged()[kind], destination)


def test_names_of_many_digits_and_long_paths_are_fine(tmp_path, destination):
    root = tmp_path / "ps1"
    deep = root.joinpath(*["d" * 150] * 10)
    deep.mkdir(parents=True)
    (deep / ("1" * 250)).write_text("x")
    buffer = io.BytesIO()
    result = pack(survey(root), buffer, Limits(10**9, 10**9))
    extract(buffer.getvalue(), destination, result.unpacked_size)
    assert len([path for path in destination.rglob("*") if path.is_file()]) == 1
