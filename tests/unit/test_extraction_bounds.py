"""An archive costs no more than was declared: in bytes, in memory, in time."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import tracemalloc
import zlib

import pytest
from support.archives.archives import archive, special

from nbexchange.plugin.archives.extraction import Modes, unpack
from nbexchange.plugin.failures import ArchiveRefused


def extract(data, destination, size=1_000_000, modes=None):
    unpack(io.BytesIO(data), destination, size, modes or Modes())


@pytest.fixture
def destination(tmp_path):
    return tmp_path / "dest"


@pytest.mark.parametrize(("declared", "fits"), [(1000, True), (999, False)])
def test_what_is_unpacked_is_what_was_declared_and_no_byte_more(destination, declared, fits):
    data = archive(("a", b"x" * 600), ("b", b"y" * 400))
    if fits:
        extract(data, destination, declared)
    else:
        with pytest.raises(ArchiveRefused, match="more than was announced"):
            extract(data, destination, declared)
        assert not (destination / "b").exists()


def bomb_of_headers():
    """One header record of 64 MiB that shrinks to almost nothing."""
    info = tarfile.TarInfo("a")
    info.pax_headers = {"comment": "x" * (64 << 20)}
    return archive((info, b""), format=tarfile.PAX_FORMAT)


def test_a_negative_size_makes_no_room_for_others(destination):
    negative, _ = special("timestamp.txt", tarfile.REGTYPE, size=-511)
    rest = gzip.decompress(archive(("b", b"x" * 1000)))
    with pytest.raises(ArchiveRefused):
        extract(gzip.compress(negative.tobuf(tarfile.GNU_FORMAT) + rest), destination, 500)


def header_of_digits(length):
    """What tarfile needs quadratic time for, unless it is one of the later patch releases."""
    info = tarfile.TarInfo("a")
    info.pax_headers = {"comment": "1" * length}
    return archive((info, b""), format=tarfile.PAX_FORMAT)


@pytest.mark.parametrize("length", [10_000, 900_000])
def test_a_header_that_costs_time_is_refused_before_it_is_parsed(destination, length, monkeypatch):
    def only_read(self, tar):
        tar.fileobj.read(self._block(self.size))
        raise AssertionError("tarfile was given the header")

    monkeypatch.setattr(tarfile.TarInfo, "_proc_pax", only_read)
    with pytest.raises(ArchiveRefused, match="no program would write"):
        extract(header_of_digits(length), destination, 1000)


def bomb_of_a_file():
    return archive(("a", bytes(64 << 20)))


def bomb_of_padding():
    """Zeros without end after the archive's own end."""
    return gzip.compress(gzip.decompress(archive(("a", b"x"))) + bytes(64 << 20))


def bomb_of_long_names():
    info = tarfile.TarInfo("x" * (32 << 20))
    return archive((info, b""), format=tarfile.GNU_FORMAT)


@pytest.mark.parametrize("bomb", [bomb_of_headers, bomb_of_a_file, bomb_of_long_names])
def test_a_bomb_is_refused_without_being_held_in_memory(bomb, destination):
    data = bomb()
    tracemalloc.start()
    with pytest.raises(ArchiveRefused):
        extract(data, destination, 1000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20


def test_padding_after_the_end_is_not_read(destination):
    extract(bomb_of_padding(), destination, 1)
    assert (destination / "a").read_bytes() == b"x"


def test_many_members_are_refused_and_not_remembered(destination):
    data = archive(*[(str(number), b"") for number in range(101)])
    with pytest.raises(ArchiveRefused, match=r"more than 100 members \(c\.Exchange\.max_members\)"):
        unpack(io.BytesIO(data), destination, 0, Modes(), max_members=100)


def test_a_chain_of_headers_is_refused(destination):
    """Header records that are only followed by header records make tarfile recurse."""
    record = gzip.decompress(archive((special("a", tarfile.REGTYPE, pax_headers={"comment": "x"})[0], b"")))
    chain = record[:1024] * 3000
    with pytest.raises(ArchiveRefused):
        extract(gzip.compress(chain), destination)


def test_reading_goes_forward_only(destination, monkeypatch):
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
    extract(data, destination, 10_000_000)
    assert 0 < inflated <= plain
