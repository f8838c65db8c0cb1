"""The Flask application: routes on a runtime, and nothing else."""

from __future__ import annotations

from typing import Any

from flask import Flask, Request
from werkzeug.routing import MapAdapter

from nbexchange.api.http import conventions, current
from nbexchange.api.http.routes import document, former, health, objects, v1
from nbexchange.api.runtime import Runtime
from nbexchange.storage import StreamsBytes


class WholePaths(Flask):
    """An application whose routes are matched against the whole path of a request.

    A server that knows a `SCRIPT_NAME`, perhaps from the caller, takes it off the path: a proxy in front that lets one
    path through without asking who is calling would let another one through.
    """

    def wsgi_app(self, environ: dict[str, Any], start_response: Any) -> Any:
        environ["PATH_INFO"] = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        environ["SCRIPT_NAME"] = ""
        return super().wsgi_app(environ, start_response)

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Without the host of a request, on which no route depends."""
        if request is None:
            return super().create_url_adapter(request)
        return self.url_map.bind("", path_info=request.path, default_method=request.method)

    def ensure_sync(self, func: Any) -> Any:
        """As it is: there are no coroutines here, and Flask would look at each function of each request."""
        return func


def create_app(runtime: Runtime, base_url: str = "/") -> Flask:
    """An application under `base_url`, which begins and ends with a slash."""
    app = WholePaths(__name__, static_folder=None)
    app.url_map.merge_slashes = False
    app.extensions[current.EXTENSION] = runtime
    conventions.install(app)
    app.register_blueprint(health.routes(), url_prefix=base_url)
    if base_url != "/":
        # A container's probes know nothing of the prefix.
        app.register_blueprint(health.routes(), name="health_at_root", url_prefix="/")
    app.register_blueprint(v1.routes(), url_prefix=f"{base_url}v1")
    app.register_blueprint(document.routes(base_url), url_prefix=f"{base_url}v1")
    app.register_blueprint(former.routes(), url_prefix=base_url)
    if isinstance(runtime.store, StreamsBytes):
        prefix = f"{base_url}{runtime.store.public_url}".rstrip("/")
        app.register_blueprint(objects.routes(current.streaming_store), url_prefix=prefix)
    return app
