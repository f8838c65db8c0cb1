"""An archive becomes a tree, or is refused: it may come from anybody."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import tracemalloc
import zlib

import pytest
from support.archives.archives import archive, special

from nbexchange.plugin.archives import extraction
from nbexchange.plugin.archives.extraction import Modes, unpack
from nbexchange.plugin.archives.packing import Limits, pack, survey
from nbexchange.plugin.failures import ArchiveRefused


def extract(data, destination, size=1_000_000, modes=None):
    unpack(io.BytesIO(data), destination, size, modes or Modes())


@pytest.fixture
def place(tmp_path):
    return tmp_path / "dest"


def test_what_was_packed_comes_out_again(tmp_path, place):
    root = tmp_path / "ps1"
    (root / "data" / "empty").mkdir(parents=True)
    (root / "p 1.ipynb").write_text("{}")
    (root / "ü.txt").write_text("x" * 100_000)
    (root / "zero").write_bytes(b"")
    for number in range(50):
        (root / "data" / f"{number}.bin").write_bytes(os.urandom(512 * number))
    buffer = io.BytesIO()
    result = pack(survey(root, lambda *_: set()), buffer, Limits(10**9, 10**9))
    extract(buffer.getvalue(), place, result.unpacked_size)
    before = {p.relative_to(root): p.is_file() and p.read_bytes() for p in root.rglob("*")}
    after = {p.relative_to(place): p.is_file() and p.read_bytes() for p in place.rglob("*")}
    assert after == before


def test_an_empty_archive_is_an_empty_directory(place):
    extract(archive(), place, 0)
    assert list(place.iterdir()) == []


def test_modes_are_ours_whatever_the_archive_says(place):
    info = tarfile.TarInfo("run.sh")
    info.size, info.mode, info.uid = 1, 0o6777, 12345
    locked = tarfile.TarInfo("locked")
    locked.type, locked.mode = tarfile.DIRTYPE, 0o000
    extract(archive((locked, None), (info, b"x"), ("locked/in", b"x")), place, modes=Modes(0o664, 0o2775))
    assert (place / "run.sh").stat().st_mode & 0o7777 == 0o664
    assert (place / "locked").stat().st_mode & 0o7777 == 0o2775
    assert (place / "run.sh").stat().st_uid == os.getuid()


def test_files_that_belong_to_one_side_are_skipped_at_the_top(place):
    members = [
        ("timestamp.txt", b"forged"),
        ("submission_secret.txt/x", b"x"),
        ("data", None),
        ("data/timestamp.txt", b"own"),
    ]
    extract(archive(*members), place)
    assert [p.name for p in place.iterdir()] == ["data"]
    assert (place / "data" / "timestamp.txt").read_bytes() == b"own"


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
def test_a_hostile_archive_is_refused_and_writes_nothing_outside(kind, tmp_path, place):
    options = {"pax_headers": {"comment": "global"}} if kind == "global header" else {}
    with pytest.raises(ArchiveRefused):
        extract(archive(*HOSTILE[kind], **options), place)
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
def test_a_damaged_archive_is_refused(kind, place):
    with pytest.raises(ArchiveRefused):
        extract(damaged()[kind], place)


@pytest.mark.parametrize(("declared", "fits"), [(1000, True), (999, False)])
def test_what_is_unpacked_is_what_was_declared_and_no_byte_more(place, declared, fits):
    data = archive(("a", b"x" * 600), ("b", b"y" * 400))
    if fits:
        extract(data, place, declared)
    else:
        with pytest.raises(ArchiveRefused, match="more than was announced"):
            extract(data, place, declared)
        assert not (place / "b").exists()


def bomb_of_headers():
    """One header record of 64 MiB that shrinks to almost nothing."""
    info = tarfile.TarInfo("a")
    info.pax_headers = {"comment": "x" * (64 << 20)}
    return archive((info, b""), format=tarfile.PAX_FORMAT)


def test_a_negative_size_makes_no_room_for_others(place):
    negative, _ = special("timestamp.txt", tarfile.REGTYPE, size=-511)
    rest = gzip.decompress(archive(("b", b"x" * 1000)))
    with pytest.raises(ArchiveRefused):
        extract(gzip.compress(negative.tobuf(tarfile.GNU_FORMAT) + rest), place, 500)


def header_of_digits(length):
    """What tarfile needs quadratic time for, unless it is one of the later patch releases."""
    info = tarfile.TarInfo("a")
    info.pax_headers = {"comment": "1" * length}
    return archive((info, b""), format=tarfile.PAX_FORMAT)


@pytest.mark.parametrize("length", [10_000, 900_000])
def test_a_header_that_costs_time_is_refused_before_it_is_parsed(place, length, monkeypatch):
    def only_read(self, tar):
        tar.fileobj.read(self._block(self.size))
        raise AssertionError("tarfile was given the header")

    monkeypatch.setattr(tarfile.TarInfo, "_proc_pax", only_read)
    with pytest.raises(ArchiveRefused, match="no program would write"):
        extract(header_of_digits(length), place, 1000)


def test_names_of_many_digits_and_long_paths_are_fine(tmp_path, place):
    root = tmp_path / "ps1"
    deep = root.joinpath(*["d" * 150] * 10)
    deep.mkdir(parents=True)
    (deep / ("1" * 250)).write_text("x")
    buffer = io.BytesIO()
    result = pack(survey(root, lambda *_: set()), buffer, Limits(10**9, 10**9))
    extract(buffer.getvalue(), place, result.unpacked_size)
    assert len([path for path in place.rglob("*") if path.is_file()]) == 1


def bomb_of_a_file():
    return archive(("a", bytes(64 << 20)))


def bomb_of_padding():
    """Zeros without end after the archive's own end."""
    return gzip.compress(gzip.decompress(archive(("a", b"x"))) + bytes(64 << 20))


def bomb_of_long_names():
    info = tarfile.TarInfo("x" * (32 << 20))
    return archive((info, b""), format=tarfile.GNU_FORMAT)


@pytest.mark.parametrize("bomb", [bomb_of_headers, bomb_of_a_file, bomb_of_long_names])
def test_a_bomb_is_refused_without_being_held_in_memory(bomb, place):
    data = bomb()
    tracemalloc.start()
    with pytest.raises(ArchiveRefused):
        extract(data, place, 1000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20


def test_padding_after_the_end_is_not_read(place):
    extract(bomb_of_padding(), place, 1)
    assert (place / "a").read_bytes() == b"x"


def test_many_members_are_refused_and_not_remembered(place, monkeypatch):
    monkeypatch.setattr(extraction, "MAX_MEMBERS", 100)
    with pytest.raises(ArchiveRefused, match="more than 100 members"):
        extract(archive(*[(str(number), b"") for number in range(101)]), place)


def test_a_chain_of_headers_is_refused(place):
    """Header records that are only followed by header records make tarfile recurse."""
    record = gzip.decompress(archive((special("a", tarfile.REGTYPE, pax_headers={"comment": "x"})[0], b"")))
    chain = record[:1024] * 3000
    with pytest.raises(ArchiveRefused):
        extract(gzip.compress(chain), place)


def test_reading_goes_forward_only(place, monkeypatch):
    """Each inflated byte once: stepping back in gzip would inflate everything again."""
    inflated = 0
    real = zlib.decompressobj

    class Counting:
        def __init__(self, *args, **options):
            self.real = real(*args, **options)

        def decompress(self, *args):
            nonlocal inflated
            data = self.real.decompress(*args)
            inflated += len(data)
            return data

        def __getattr__(self, name):
            return getattr(self.real, name)

    monkeypatch.setattr("zlib.decompressobj", Counting)
    members = [(f"{number}", os.urandom(512 * 64)) for number in range(40)] + [
        (f"e{n}", b"") for n in range(200)
    ]
    data = archive(*members)
    plain = len(gzip.decompress(data))
    inflated = 0
    extract(data, place, 10_000_000)
    assert 0 < inflated <= plain
