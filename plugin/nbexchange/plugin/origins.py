"""Where a fetched folder came from, in a hidden file at its top, which never travels; and what counts as a copy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from nbexchange.plugin.failures import TransferFailed
from nbexchange.plugin.messages import say
from nbexchange.plugin.submission_folders import SECRET, STAMP
from nbexchange.protocol import is_path_component
from nbexchange.shared.terminal import clean

ORIGIN = ".nbexchange.json"

MAX_ORIGIN = 1 << 14
"""Bytes of that file that are read: it is in a folder where anything may be."""

LOCAL_FILES = frozenset({STAMP, SECRET})
"""Files at the top of a tree that belong to one side's copy, as the origin does at any depth."""

NO_WORK = frozenset({"feedback", ".ipynb_checkpoints"})
"""Folders that the plugin and Jupyter make: with nothing else in it, an assignment's folder is no copy."""


class Origin(msgspec.Struct, frozen=True):
    """The release that was fetched. `sha256` is the digest of its archive."""

    course_id: str
    assignment_id: str
    version: int = 0
    sha256: str = ""

    def is_of(self, course_id: str, assignment_id: str) -> bool:
        return (self.course_id, self.assignment_id) == (course_id, assignment_id)


def stays_here(path: str) -> bool:
    """Whether what is at this path of a tree belongs to one side's copy: it is never sent, and never taken."""
    parts = path.split("/")
    return parts[0] in LOCAL_FILES or ORIGIN in parts


def write_origin(folder: Path, origin: Origin, mode: int) -> None:
    path = folder / ORIGIN
    path.write_bytes(msgspec.json.encode(origin) + b"\n")
    path.chmod(mode)


def read_origin(folder: Path) -> Origin | None:
    """What the folder knows of itself; None where it knows nothing, or nothing that can be read."""
    try:
        with (folder / ORIGIN).open("rb") as file:
            origin = msgspec.json.decode(file.read(MAX_ORIGIN), type=Origin)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    names = (origin.course_id, origin.assignment_id)
    return origin if all(map(is_path_component, names)) else None


def find_copies(below: Path, *, with_course: bool) -> Iterator[tuple[Path, Origin]]:
    """The folders there that were fetched, by their names; `with_course` where each course has one of its own."""
    for folder in sorted(below.glob("*/*" if with_course else "*")):
        if origin := read_origin(folder):
            yield folder, origin


def holds_copy(folder: Path, course_id: str, assignment_id: str) -> bool:
    """Whether the folder was fetched as this assignment, also where it was emptied since.

    A folder that does not know where it came from is a copy as soon as there is work in it.
    """
    if origin := read_origin(folder):
        return origin.is_of(course_id, assignment_id)
    return has_work(folder)


def has_work(folder: Path) -> bool:
    """Whether there is anything in the folder that its owner may have made or fetched."""
    try:
        return folder.is_dir() and any(
            entry.name not in NO_WORK or not entry.is_dir() for entry in folder.iterdir()
        )
    except PermissionError:
        return True


def refuse_other(folder: Path, course_id: str, assignment_id: str, code: str) -> None:
    """Raise, with the message of this code, where the folder was fetched as another assignment."""
    origin = read_origin(folder)
    if origin and not origin.is_of(course_id, assignment_id):
        # The person who gave them the folder may have written it.
        theirs = clean(f"{origin.assignment_id} of {origin.course_id}")
        ours = f"{assignment_id} of {course_id}"
        raise TransferFailed(say(code, path=folder, theirs=theirs, ours=ours))
