"""The claims of a verified token: where each shape has them, and how a path finds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nbexchange.api.access.identity import Identity
from nbexchange.api.auth import lti
from nbexchange.api.auth.custom import identity_of
from nbexchange.protocol import CONTACT
from nbexchange.shared.section import SettingsError

COURSE = ["course_id", "course_title", "course_role"]

SHAPES: Mapping[str, Mapping[str, str]] = {
    "nbexchange": {word: word for word in ["name", "org_id", *CONTACT, *COURSE, "courses"]},
    # OpenID Connect's `name` is what people like to be called, and many may edit it.
    "groups": {
        "name": "preferred_username",
        "full_name": "name",
        "email": "email",
        "lms_user_id": "lms_user_id",
        "groups": "groups",
    },
    "lti": {
        "name": "sub",
        "full_name": "name",
        "email": "email",
        "lms_user_id": "sub",
        "org_id": "org_id",
        "course_id": f"{lti.CLAIM}context.id",
        "course_title": f"{lti.CLAIM}context.title",
        "course_role": f"{lti.CLAIM}roles",
    },
}
"""The path of each piece of an identity."""


def choose_paths(shape: str, others: Mapping[str, Any]) -> Mapping[str, str]:
    """The paths of a shape with some of them replaced. Raises `SettingsError`."""
    paths = SHAPES[shape]
    for word, path in others.items():
        if word not in paths:
            raise SettingsError(
                f"claims has {word!r}, of which the shape {shape!r} knows nothing: {', '.join(paths)}"
            )
        if not isinstance(path, str) or not path:
            raise SettingsError(f"the claim of {word!r} is no path")
    return {**paths, **others}


def find_claim(claims: Any, path: str) -> Any:
    """What is at a dotted path, or None. A name on it may have dots itself: the longest that is there is taken."""
    names = path.split(".")
    for end in range(len(names), 0, -1):
        name = ".".join(names[:end])
        if isinstance(claims, Mapping) and name in claims:
            value = claims[name]
            return find_claim(value, ".".join(names[end:])) if names[end:] else value
    return None


def read_person(attributes: Mapping[str, Any], org_id: str) -> Identity:
    """The identity, without any course, of whom these claims describe; raises `InvalidIdentity`."""
    return identity_of({**_person(attributes, org_id), "courses": []})


def read_member(attributes: Mapping[str, Any], org_id: str) -> Identity:
    """The identity of whom these claims describe, with the courses that they name; raises `InvalidIdentity`."""
    courses = {word: attributes.get(word) for word in (*COURSE, "courses")}
    return identity_of({**_person(attributes, org_id), **courses})


def _person(attributes: Mapping[str, Any], org_id: str) -> dict[str, Any]:
    contact = {word: value for word in CONTACT if isinstance(value := attributes.get(word), str | int)}
    stated = attributes.get("org_id")
    return {
        **contact,
        "name": attributes.get("name"),
        "org_id": org_id if stated is None or stated == "" else stated,
    }
