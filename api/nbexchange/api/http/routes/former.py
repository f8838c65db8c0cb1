"""The routes of nbexchange 1 and 2. Their plugin shows the `note` of an answer to its user: here is what to do."""

from __future__ import annotations

from flask import Blueprint, Response

from nbexchange.api.http.messages import reply
from nbexchange.api.problems import ClientTooOld

ROUTES = (
    "assignments",
    "assignment",
    "submissions",
    "submission",
    "collections",
    "collection",
    "feedback",
    "history",
)


def routes() -> Blueprint:
    blueprint = Blueprint("former", __name__)
    for name in ROUTES:
        blueprint.add_url_rule(name, name, refuse, methods=["GET", "POST", "DELETE"])
    return blueprint


def refuse() -> Response:
    """The same for every caller and method."""
    text = (
        "This exchange speaks to the plugin of nbexchange 3, and this is an older one. Nothing was changed: ask "
        "the administrator of your notebook server to install nbexchange 3 there."
    )
    body = {"success": False, "note": text, "type": ClientTooOld.type, "status": ClientTooOld.status}
    return reply({**body, "title": ClientTooOld.title, "detail": text}, ClientTooOld.status)
