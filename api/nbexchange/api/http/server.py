"""gunicorn, with several worker processes: each has an event loop for its callers, and threads for its work."""

from __future__ import annotations

from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from nbexchange.api.config.build import build_runtime
from nbexchange.api.config.settings import NbExchange
from nbexchange.api.http.application import create_app
from nbexchange.api.http.current import EXTENSION
from nbexchange.api.http.gateway import Gateway
from nbexchange.storage import StreamsBytes

WORKER_REQUESTS = 50_000
"""A process is replaced by a new one after so many, give or take a tenth, so that what it has gathered is freed."""


def serve(settings: NbExchange) -> None:
    """Run until a signal ends it. Connections are opened in the workers, after the fork."""
    Server(settings).run()


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    def __init__(self, settings: NbExchange) -> None:
        self.settings = settings
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options().items():
            self.cfg.set(name, value)

    def _options(self) -> dict[str, Any]:
        host = f"[{self.settings.ip}]" if ":" in self.settings.ip else self.settings.ip
        return {
            "bind": [f"{host}:{self.settings.port}"],
            "workers": self.settings.workers,
            "worker_class": "nbexchange.api.http.connections.Worker",
            "asgi_loop": "asyncio",
            "asgi_lifespan": "off",
            "max_requests": WORKER_REQUESTS,
            "max_requests_jitter": WORKER_REQUESTS // 10,
            "forwarded_allow_ips": "",  # the service needs no scheme and no path of another
            "timeout": 60,
            "graceful_timeout": 30,
            "keepalive": 65,  # longer than the proxies in front of it wait
            "proc_name": "nbexchange",
            "loglevel": "debug" if self.settings.debug else "info",
            "accesslog": None,  # the service logs its requests itself, without query strings
            "control_socket_disable": True,  # it would be put into the home directory
        }

    def load_app(self) -> Flask:
        return create_app(build_runtime(self.settings, serving=True).open(), self.settings.base_url)

    def load(self) -> Gateway:
        app = self.load_app()
        store = app.extensions[EXTENSION].store
        streams = isinstance(store, StreamsBytes)
        return Gateway(
            app,
            threads=self.settings.threads,
            patience=self.settings.caller_timeout,
            time_limit=self.settings.request_timeout,
            store=store if streams else None,
            objects=f"{self.settings.base_url}{store.public_url}" if streams else "",
        )
