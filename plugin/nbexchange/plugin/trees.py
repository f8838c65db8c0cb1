"""Local trees put in place in one step: complete, or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def staged(destination: Path) -> Iterator[Path]:
    """A path beside `destination` for its next content, which takes its place when the block ends well.

    Until then the old content is untouched; when the block fails, nothing is left behind.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".nbexchange-", dir=destination.parent))
    try:
        yield folder / "new"
        if destination.exists():
            destination.rename(folder / "old")
        try:
            (folder / "new").rename(destination)
        except OSError:
            if (folder / "old").exists():
                (folder / "old").rename(destination)
            raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
