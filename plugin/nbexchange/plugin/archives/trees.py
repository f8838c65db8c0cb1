"""Local trees put in place in one step: complete, or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast


@contextmanager
def staged(destination: Path, *, replace: bool, keep: Collection[str] = ()) -> Iterator[Path]:
    """A path beside `destination` for its next content, which takes its place when the block ends well.

    Until then the old content is untouched; when the block fails, nothing is left behind. Without `replace`,
    content that is at `destination` by then stays, and `FileExistsError` is raised, unless it is folders of the names
    in `keep` alone: these become part of the new content.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".nbexchange-", dir=destination.parent))
    try:
        yield folder / "new"
        if replace:
            _exchange(folder, destination)
        else:
            _put_in_place(folder / "new", destination, keep)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def temporary_file() -> Iterator[BinaryIO]:
    """One that is gone afterwards, also where the last of it does not fit on the disk any more."""
    file = tempfile.TemporaryFile(prefix="nbexchange-")  # noqa: SIM115 - it is closed below
    try:
        yield cast(BinaryIO, file)
    finally:
        with suppress(OSError):
            file.close()


@contextmanager
def writing_temporary_files() -> Iterator[None]:
    """Name their folder where its disk is full, which a write does not: it may not be that of the person's work."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT) and error.filename is None:
            error.filename = tempfile.gettempdir()
        raise


def make_folders(path: Path, mode: int) -> None:
    """Make `path` with what is missing above it, each with this mode; what exists keeps its own."""
    for folder in [*reversed(path.parents), path]:
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        folder.chmod(mode)


def _put_in_place(tree: Path, destination: Path, keep: Collection[str]) -> None:
    kept: list[str] = []
    try:
        for name in keep:
            if (destination / name).is_dir():
                (destination / name).rename(tree / name)
                kept.append(name)
        tree.rename(destination)  # the system refuses it on anything but an empty directory
    except BaseException as error:  # also Ctrl-C: what is in the tree is deleted
        for name in kept:
            (tree / name).rename(destination / name)
        if isinstance(error, OSError) and os.path.lexists(destination):
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
