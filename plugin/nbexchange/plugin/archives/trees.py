"""Local trees put in place in one step: complete, or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def staged(destination: Path, *, replace: bool) -> Iterator[Path]:
    """A path beside `destination` for its next content, which takes its place when the block ends well.

    Until then the old content is untouched; when the block fails, nothing is left behind. Without `replace`,
    content that has appeared at `destination` meanwhile stays, and `FileExistsError` is raised.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".nbexchange-", dir=destination.parent))
    try:
        yield folder / "new"
        if replace:
            _exchange(folder, destination)
        else:
            _put_in_place(folder / "new", destination)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_folders(path: Path, mode: int) -> None:
    """Make `path` with what is missing above it, each with this mode; what exists keeps its own."""
    for folder in [*reversed(path.parents), path]:
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        folder.chmod(mode)


def _put_in_place(tree: Path, destination: Path) -> None:
    try:
        tree.rename(destination)  # the system refuses it on anything but an empty directory
    except OSError as error:
        if os.path.lexists(destination):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(destination)) from error
        raise


def _exchange(folder: Path, destination: Path) -> None:
    if os.path.lexists(destination):
        destination.rename(folder / "old")
    try:
        (folder / "new").rename(destination)
    except BaseException:  # also Ctrl-C: what follows would delete the old tree with the new
        if os.path.lexists(folder / "old"):
            (folder / "old").rename(destination)
        raise
