"""The signed URLs of a store that streams bytes through this process: the signature is the permission."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import BinaryIO, cast

from flask import Blueprint, Response, request, send_file

from nbexchange.api.problems import ExchangeProblem
from nbexchange.storage import RequestRefused, StreamsBytes


class ObjectProblem(ExchangeProblem):
    """A refusal of the store, passed on as it is."""

    title = "The store refuses this"

    def __init__(self, refusal: RequestRefused) -> None:
        super().__init__(str(refusal))
        self.status = refusal.status
        self.type = refusal.code


def routes(find_store: Callable[[], StreamsBytes]) -> Blueprint:
    blueprint = Blueprint("objects", __name__)

    @blueprint.put("/<path:key>")
    def put_object(key: str) -> Response:
        request.max_content_length = (
            sys.maxsize
        )  # the signature holds the length; None would mean the default
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            find_store().receive(key, request.args, headers, cast(BinaryIO, request.stream))
        except RequestRefused as refusal:
            raise ObjectProblem(refusal) from None
        return Response(status=200)

    @blueprint.get("/<path:key>")
    def get_object(key: str) -> Response:
        try:
            content, filename = find_store().locate(key, request.args)
        except RequestRefused as refusal:
            raise ObjectProblem(refusal) from None
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
