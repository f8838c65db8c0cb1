"""A tree, packed into memory."""

from __future__ import annotations

import io
from pathlib import Path

from nbexchange.plugin.archives.packing import Limits, Packed, Tree, pack, survey
from nbexchange.plugin.archives.selection import EVERYTHING, Selection

ROOMY = Limits(packed=10_000_000, unpacked=10_000_000)


def packed(
    root: Path, limits: Limits = ROOMY, selection: Selection = EVERYTHING
) -> tuple[Packed, bytes, Tree]:
    """What packing says of it, the archive, and what was seen of the tree."""
    archive = io.BytesIO()
    tree = survey(root, selection)
    return pack(tree, archive, limits), archive.getvalue(), tree
