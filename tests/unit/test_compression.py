"""Gzip in blocks: any program can read it, and no time is spent on what does not shrink."""

from __future__ import annotations

import io
import random
import zlib

import pytest

from nbexchange.plugin.archives import compression
from nbexchange.plugin.archives.compression import BLOCK, Gzip, is_compressible

NOISE = random.Random(1).randbytes(BLOCK)
TEXT = b"".join(b"%d, %d\n" % (n, n * n) for n in range(BLOCK // 10))[:BLOCK]


def compressed(*pieces):
    target = io.BytesIO()
    stream = Gzip(target)
    for piece in pieces:
        stream.write(piece)
    stream.finish()
    return target.getvalue()


def read_one_member(archive):
    """What is in the first member, its checksum and length verified, and what follows it."""
    reader = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    content = reader.decompress(archive)
    assert reader.eof
    return content, reader.unused_data


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5])
@pytest.mark.parametrize("source", [NOISE, TEXT, TEXT[:1000] + NOISE + TEXT], ids=["noise", "text", "both"])
def test_all_that_was_written_comes_out_of_a_single_member(source, size):
    body = (source * 4)[:size]
    assert read_one_member(compressed(body)) == (body, b"")


def test_the_archive_does_not_depend_on_how_it_was_written():
    body = TEXT + NOISE + TEXT
    assert compressed(*(body[n : n + 1000] for n in range(0, len(body), 1000))) == compressed(body)


def test_text_shrinks_and_noise_hardly_grows():
    assert len(compressed(TEXT)) < len(TEXT) / 2
    assert len(compressed(NOISE)) < len(NOISE) * 1.001


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (TEXT, True),
        (NOISE, False),
        (NOISE[: BLOCK // 2] + TEXT[: BLOCK // 2], True),
        (TEXT[:100], True),
        (NOISE[:5000], False),
        (b"", False),
    ],
    ids=["text", "noise", "half", "a little text", "a little noise", "nothing"],
)
def test_a_block_is_judged_by_samples_of_it(block, expected):
    assert is_compressible(block) is expected


def test_only_what_shrinks_is_compressed(monkeypatch):
    levels = []
    make = zlib.compressobj

    def noting(level, *arguments):
        levels.append(level)
        return make(level, *arguments)

    monkeypatch.setattr(zlib, "compressobj", noting)
    compressed(TEXT, NOISE, TEXT)
    assert levels == [compression.LEVEL, 0, compression.LEVEL, 0]  # the last is what was left: nothing
