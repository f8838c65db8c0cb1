"""File names that are the same to people, and not to a program: macOS writes `é` as two characters, others as one."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

from msgspec.structs import replace

from nbexchange.plugin.archives.packing import Tree


def composed(name: str) -> str:
    """The name in the form in which two that look alike are equal."""
    return unicodedata.normalize("NFC", name)


def adopt_spelling(tree: Tree, released: Iterable[str]) -> None:
    """Let notebooks travel by the names that they have in the release: nbgrader grades no others."""
    taken = {file.name for file in tree.files}
    absent = {composed(name): name for name in released if name not in taken}
    folders = {".", *tree.directories}
    for position, file in enumerate(tree.files):
        name = absent.get(composed(file.name))
        if name and str(PurePosixPath(name).parent) in folders:
            tree.files[position] = replace(file, name=name)
            del absent[composed(name)]
