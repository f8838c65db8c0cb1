"""gunicorn, with threads and several worker processes."""

from __future__ import annotations

from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from nbexchange.api.config.build import build_runtime
from nbexchange.api.config.settings import NbExchange
from nbexchange.api.http.application import create_app


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
            "worker_class": "nbexchange.api.http.worker.Worker",
            "threads": self.settings.threads,
            "timeout": 60,
            "graceful_timeout": 30,
            "keepalive": 65,  # longer than the proxies in front of it wait
            "proc_name": "nbexchange",
            "loglevel": "debug" if self.settings.debug else "info",
            "accesslog": None,  # the service logs its requests itself, without query strings
            "control_socket_disable": True,  # it would be put into the home directory
        }

    def load(self) -> Flask:
        return create_app(build_runtime(self.settings).open(), self.settings.base_url)
