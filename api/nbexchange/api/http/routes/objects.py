"""The signed URLs of a store that streams bytes through this process: the signature is the permission."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import closing

from flask import Blueprint, Response, request, send_file
from werkzeug.wrappers import Request

from nbexchange.api.http.wsgi import CHUNK, INCOMING_BODY
from nbexchange.storage import IncomingBody, StreamsBytes


def routes(find_store: Callable[[], StreamsBytes]) -> Blueprint:
    blueprint = Blueprint("objects", __name__)

    @blueprint.put("/<path:key>")
    def put_object(key: str) -> Response:
        taken: IncomingBody | None = request.environ.get(INCOMING_BODY)
        request.max_content_length = (
            sys.maxsize
        )  # the signature holds the length; None would mean the default
        with closing(taken or begin_put(find_store(), key, request)) as body:
            while not taken and (piece := request.stream.read(CHUNK)):
                body.write(piece)
            body.finish()
        return Response(status=200)

    @blueprint.get("/<path:key>")
    def get_object(key: str) -> Response:
        content, filename = find_store().locate(key, request.args)
        response = send_file(
            content,
            mimetype="application/octet-stream",
            as_attachment=True,
            download_name=filename,
            etag=False,
        )
        # A student's upload must never run as a page of the hub.
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = "sandbox"
        response.headers["Cache-Control"] = "private, no-store"
        return response

    return blueprint


def begin_put(store: StreamsBytes, key: str, request: Request) -> IncomingBody:
    """Where the bytes of a signed PUT go; raises `RequestRefused`. The gateway has begun before a route is asked."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    return store.begin(key, request.args, headers)
