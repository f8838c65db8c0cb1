"""A process that unpacks what lies in a directory, and says of each how it went and what it took.

    python -m support.archives.unpack_each ARCHIVES DESTINATION DECLARED_SIZE

Prints a line of JSON for each archive: its name, `outcome`, `growth` of the process in bytes, bytes `inflated`, and
`steps`: how often something was read of the archive or inflated.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

from nbexchange.plugin.archives.extraction import Modes, unpack
from nbexchange.plugin.failures import ArchiveRefused
from support.servers.memory import forget_peak, peak

CPU_SECONDS = 120
"""A process that hangs is ended, not waited for."""

Engine = zlib.decompressobj
work: Counter[str] = Counter()


class CountingEngine:
    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.engine = Engine(*arguments, **options)

    def decompress(self, *arguments: Any) -> bytes:
        data = self.engine.decompress(*arguments)
        work.update(inflated=len(data), steps=1)
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)


class CountingFile(io.FileIO):
    def read(self, size: int | None = -1, /) -> bytes:
        work["steps"] += 1
        return super().read(-1 if size is None else size)


def attempt(archive: Path, destination: Path, declared: int) -> str:
    with CountingFile(archive) as file:
        try:
            unpack(file, destination, declared, Modes())
        except ArchiveRefused:
            return "refused"
    return "unpacked"


def main(archives: Path, destination: Path, declared: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    zlib.decompressobj = CountingEngine  # type: ignore[misc,assignment]  # counts what the real one is asked for
    for archive in sorted(archives.iterdir()):
        work.clear()
        before = forget_peak()
        outcome = attempt(archive, destination / archive.name, declared)
        told = {"name": archive.name, "outcome": outcome, "growth": peak("self") - before}
        print(json.dumps({**told, "inflated": work["inflated"], "steps": work["steps"]}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
