"""Trees to submit, of three kinds: bytes that no program shrinks, text, and many small files of it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from benchmarks.sizes import MB, Sizes

PIECES = 8
"""Files of a tree of few."""

KINDS = {"incompressible": "incompressible", "text": "text-like", "many": "text-like, many files"}
SMALL_FILE = 20_000


def write_tree(root: Path, kind: str, sizes: Sizes, tree: int | None = None) -> int:
    """A notebook and data beside it, `tree` bytes where not as many as the sizes say; gives the bytes of all."""
    root.mkdir(parents=True)
    block = incompressible(MB) if kind == "incompressible" else text(MB)
    (root / "p1.ipynb").write_bytes(block[:SMALL_FILE])
    count = sizes.files if kind == "many" else PIECES
    each = SMALL_FILE if kind == "many" else (tree or sizes.tree) // PIECES
    for number in range(count):
        path = root / f"part-{number // 100:03}" / f"data-{number:05}.csv"
        path.parent.mkdir(exist_ok=True)
        with path.open("wb") as file:
            start = number * each % len(block)
            file.writelines(repeated(block[start:] + block[:start], each))
    return len(block[:SMALL_FILE]) + count * each


def repeated(block: bytes, size: int) -> Iterator[bytes]:
    """The block again and again, `size` bytes in all: gzip looks 32 KiB back, and sees no repetition."""
    whole, rest = divmod(size, len(block))
    for _ in range(whole):
        yield block
    yield block[:rest]


def incompressible(size: int) -> bytes:
    return random.Random(1).randbytes(size)


def text(size: int) -> bytes:
    """Words, numbers and line ends, some much more frequent than others: gzip makes about a third of it."""
    dice = random.Random(2)
    words = ["".join(dice.choices("etaoinshrdlu", k=dice.randint(2, 9))) for _ in range(3000)]
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    lines = []
    written = 0
    while written < size:
        line = f'    "{" ".join(dice.choices(words, weights, k=9))} {dice.random():.6f}",\n'
        lines.append(line)
        written += len(line)
    return "".join(lines).encode()[:size]
