"""The Flask application: routes on services, and nothing else."""

from __future__ import annotations

from flask import Flask

from nbexchange.api.http import conventions as web
from nbexchange.api.http.routes import document, former, health, objects, v1
from nbexchange.api.runtime import EXTENSION, Services
from nbexchange.storage import StreamsBytes


def create_app(services: Services, base_url: str = "/") -> Flask:
    """An application under `base_url`, which begins and ends with a slash."""
    app = Flask(__name__, static_folder=None)
    app.url_map.merge_slashes = False
    app.extensions[EXTENSION] = services
    web.install(app)
    app.register_blueprint(health.blueprint, url_prefix=base_url)
    if base_url != "/":
        # A container's probes know nothing of the prefix.
        app.register_blueprint(health.blueprint, name="health_at_root", url_prefix="/")
    app.register_blueprint(v1.blueprint, url_prefix=f"{base_url}v1")
    app.register_blueprint(document.routes(base_url), url_prefix=f"{base_url}v1")
    app.register_blueprint(former.blueprint, url_prefix=base_url)
    if isinstance(services.store, StreamsBytes):
        prefix = f"{base_url}{services.store.public_url}".rstrip("/")
        app.register_blueprint(objects.routes(services.store), url_prefix=prefix)
    return app
