"""Archives as no packer of ours makes them."""

from __future__ import annotations

import io
import tarfile
from typing import Any

Member = tuple[str | tarfile.TarInfo, bytes | None]


def archive(*members: Member, compress: bool = True, **options: Any) -> bytes:
    """A .tar.gz of `(name, content)`; a content of None is a directory, a TarInfo comes as it is."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz" if compress else "w", **options) as tar:
        for name, content in members:
            if isinstance(name, tarfile.TarInfo):
                tar.addfile(name, io.BytesIO(content or b""))
                continue
            info = tarfile.TarInfo(name)
            if content is None:
                info.type = tarfile.DIRTYPE
            else:
                info.size = len(content)
            tar.addfile(info, io.BytesIO(content or b""))
    return buffer.getvalue()


def special(name: str, kind: bytes, **values: Any) -> Member:
    """A member of another type, or with odd fields."""
    info = tarfile.TarInfo(name)
    info.type = kind
    for field, value in values.items():
        setattr(info, field, value)
    return info, None
