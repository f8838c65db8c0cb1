"""Why a tree cannot be packed, for the person whose tree it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nbexchange.plugin.failures import ArchiveTooLarge, PackingFailed
from nbexchange.plugin.messages import say
from nbexchange.plugin.sizes import humanize, name_largest

if TYPE_CHECKING:
    from nbexchange.plugin.archives.packing import Tree


def too_many(root: Path, what: str) -> PackingFailed:
    return PackingFailed(say("too-many-files", name=root.name, what=what))


def changed(path: str) -> PackingFailed:
    return PackingFailed(say("changed-while-packing", path=path))


def too_large(tree: Tree, what: str, size: int | None, limit: int, setting: str) -> ArchiveTooLarge:
    amount = f"{humanize(size)} {what}" if size is not None else f"more than that {what}"
    largest = name_largest((file.size, file.path) for file in tree.files)
    text = say(
        "packed-too-large",
        name=tree.root.name,
        what=amount,
        setting=setting,
        limit=humanize(limit),
        largest=largest,
    )
    return ArchiveTooLarge(text)


def shrinks_too_far(tree: Tree, size: int, ratio: int) -> ArchiveTooLarge:
    """It could not be told from an archive that is made to fill the disk of the person who unpacks it."""
    text = say(
        "shrinks-too-far",
        name=tree.root.name,
        size=humanize(tree.size),
        packed=humanize(size),
        ratio=ratio,
        largest=name_largest((file.size, file.path) for file in tree.files),
    )
    return ArchiveTooLarge(text)
