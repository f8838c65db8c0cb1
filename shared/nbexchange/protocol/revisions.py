"""Fields that requests gained after the first revision: a service that does not know one refuses the whole request."""

from functools import cache
from typing import Any, TypeVar

from msgspec import NODEFAULT, Meta
from msgspec.structs import FieldInfo, fields, replace

from nbexchange.protocol.base import Request

T = TypeVar("T")


def since(revision: int) -> Meta:
    """For a request's field, which needs a default: `Annotated[bool, since(2)] = False`."""
    return Meta(extra={"since": revision})


def for_revision(value: T, revision: int) -> T:
    """The request as a service of that revision takes it: later fields have their defaults, which are not sent."""
    if isinstance(value, list):
        return [for_revision(entry, revision) for entry in value]  # type: ignore[return-value]  # a list of the same
    if not isinstance(value, Request):
        return value
    return replace(
        value, **{field.name: _for_revision(value, field, revision) for field in _fields(type(value))}
    )


def _for_revision(request: Request, field: FieldInfo, revision: int) -> Any:
    if since_of(field) > revision:
        return field.default if field.default is not NODEFAULT else field.default_factory()
    return for_revision(getattr(request, field.name), revision)


def since_of(field: FieldInfo) -> int:
    metas = getattr(field.type, "__metadata__", ())
    return max((meta.extra["since"] for meta in metas if "since" in (meta.extra or {})), default=1)


_fields = cache(fields)  # slow, and a roster has thousands of entries
