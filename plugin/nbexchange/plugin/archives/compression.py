"""A gzip stream made block by block: what can be compressed is, anything else is stored as it is."""

from __future__ import annotations

import io
import struct
import zlib

LEVEL = 2
"""Text becomes 3 % larger than at level 3, in two thirds of the time; level 1 is no faster."""

BLOCK = 1 << 20
"""Bytes that are compressed together. Each block has a compressor of its own, which costs about 1 % of size."""

SAMPLES, SAMPLE = 4, 1 << 12
"""How many pieces of each block are tried, and how many bytes of each piece."""

WORTHWHILE = 0.95
"""The ratio that a sample must reach: images and archives do not, and gzip takes longest for them."""

HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # deflate, no name, no time, of any system
LAST_BLOCK = b"\x03\x00"  # of deflate: empty, and the last


class Gzip(io.RawIOBase):
    """Writes gzip to `target`: a single member, as `gzip` itself would. `finish` ends it; closing does not."""

    def __init__(self, target: io.RawIOBase) -> None:
        self.target = target
        self.size = self.checksum = 0
        self.block = bytearray()
        self.target.write(HEADER)

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.size

    def write(self, data: bytes, /) -> int:  # type: ignore[override]  # tarfile and gzip write bytes
        self.block += data
        self.checksum = zlib.crc32(data, self.checksum)
        self.size += len(data)
        while len(self.block) >= BLOCK:
            self._pass_on(bytes(self.block[:BLOCK]))
            del self.block[:BLOCK]
        return len(data)

    def finish(self) -> None:
        self._pass_on(bytes(self.block))
        self.block.clear()
        self.target.write(LAST_BLOCK + struct.pack("<LL", self.checksum, self.size & 0xFFFFFFFF))

    def _pass_on(self, block: bytes) -> None:
        """A sync flush ends each block at a byte, so that the next one can follow."""
        deflate = zlib.compressobj(LEVEL if is_compressible(block) else 0, zlib.DEFLATED, -zlib.MAX_WBITS)
        self.target.write(deflate.compress(block) + deflate.flush(zlib.Z_SYNC_FLUSH))


def is_compressible(block: bytes) -> bool:
    step = max(SAMPLE, len(block) // SAMPLES)
    sample = b"".join(block[start : start + SAMPLE] for start in range(0, len(block), step))
    return len(zlib.compress(sample, 1)) < WORTHWHILE * len(sample)
