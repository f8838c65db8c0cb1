"""Requests that a browser made, which the API takes from nobody."""

from __future__ import annotations

from flask import Request, request

from nbexchange.api.problems import BrowserRefused

SIGNS = {"HTTP_ORIGIN", "HTTP_REFERER", "HTTP_ACCEPT_LANGUAGE"}
"""Headers, as WSGI names them, that browsers send and clients of the API do not.

On plain HTTP only `Accept-Language` is left of what a page cannot have its browser leave out. It can empty it.
"""

FETCH_METADATA = "HTTP_SEC_FETCH_"
"""Begins the names of the headers in which browsers say what kind of page asks. No page can set them."""


def refuse_browsers() -> None:
    """Before each route of the API, and before any authenticator: refuse what a browser sends.

    Its cookies, and what a proxy makes of them, speak for the person in front of it, while the page could be anybody's:
    on most hubs the servers of all users and the exchange share one origin. A token in a header is no exception, since
    a page can send a false one along with the cookie that counts.
    """
    if is_from_browser(request):
        raise BrowserRefused(
            "This request comes from a browser. The exchange answers programs, such as the plugin of a notebook "
            "server, and no page in a browser."
        )


def is_from_browser(request: Request) -> bool:
    return any(name in SIGNS or name.startswith(FETCH_METADATA) for name in request.environ)
