"""The routes of nbexchange 1 and 2: their plugin is told what to do. And a page for a person who opens the service."""

from __future__ import annotations

from flask import Blueprint, Response, request

from nbexchange.api.http.messages import reply
from nbexchange.api.problems import ClientTooOld
from nbexchange.shared.version import VERSION

ROUTES = (
    "",
    "assignments",
    "assignment",
    "submissions",
    "submission",
    "collections",
    "collection",
    "courses",
    "feedback",
    "history",
    "history/<path:more>",
)

TEXT = (
    "This exchange speaks to the plugin of nbexchange 3, and this is an older one. Nothing was changed: ask the "
    "administrator of your notebook server to install nbexchange 3 there."
)

PAGE = f"""\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>nbexchange</title>
<h1>nbexchange {VERSION}</h1>
<p>This is an exchange for nbgrader, and it has no pages. Use it from your notebook server: with nbgrader, or with
<code>jupyter nbexchange</code> in a terminal.</p>
</html>
"""


def routes() -> Blueprint:
    blueprint = Blueprint("former", __name__)
    for name in ROUTES:
        blueprint.add_url_rule(
            name,
            name.partition("/<")[0] or "root",
            refuse if name else welcome,
            methods=["GET", "POST", "DELETE"],
            strict_slashes=False,
        )
    return blueprint


def refuse(more: str = "") -> Response:
    """The same for every caller and method, with all that the older plugin reads.

    It shows `note` to its user. Its lists take `value` without asking whether there was any success; for feedback it
    shows the note only where there is no `feedback`.
    """
    former = {"success": False, "note": TEXT, "value": []}
    problem = {"type": ClientTooOld.type, "title": ClientTooOld.title, "detail": TEXT}
    return reply({**former, **problem, "status": ClientTooOld.status}, ClientTooOld.status)


def welcome() -> Response:
    """A page for a person in front of a browser; to programs, the same as the other routes."""
    if request.method != "GET" or all(kind != "text/html" for kind, _ in request.accept_mimetypes):
        return refuse()
    response = Response(PAGE, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = "default-src 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response
