"""A JupyterHub on loopback, with everybody's notebook servers, and the exchange as a service of it."""

from __future__ import annotations

import secrets
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from nbexchange.demo import servers
from support.hub.hub_config import (
    HOST_WITH_SUBDOMAINS,
    INSTRUCTOR,
    PEOPLE,
    Ports,
    Secrets,
    write_hub_config,
)
from support.hub.leftovers import MARK, end_all
from support.hub.notebook_server import NotebookServer

DEADLINE = 60


@dataclass
class Hub:
    """A running hub."""

    folder: Path
    ports: Ports
    secrets: Secrets = field(repr=False)
    exchange: ExternalExchange | None = None
    """Where the test started it; None where the hub did."""
    pid: int = 0
    subdomains: bool = False
    """Whether everybody's server has a host of its own; only browsers find these."""
    _servers: dict[str, NotebookServer] = field(default_factory=dict, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports.proxy}"

    @property
    def url_for_browsers(self) -> str:
        return f"http://{HOST_WITH_SUBDOMAINS}:{self.ports.proxy}" if self.subdomains else self.url

    @property
    def exchange_url(self) -> str:
        """The exchange over the hub's proxy, as the plugin reaches it."""
        return f"{self.url}/services/nbexchange/"

    @property
    def log(self) -> str:
        """What the hub, everybody's notebook servers and a managed exchange have logged."""
        return (self.folder / "hub.log").read_text()

    def ask(self, method: str, path: str, *accepted: int, **options: Any) -> Any:
        """Call the hub's API with the rights of an administrator."""
        headers = {"Authorization": f"token {self.secrets.driver}"}
        url = f"{self.url}/hub/api/{path}"
        reply = requests.request(method, url, headers=headers, timeout=DEADLINE, **options)
        assert reply.ok or reply.status_code in accepted, f"{method} {path}: {reply.status_code} {reply.text}"
        return reply.json() if reply.content else None

    def new_token(self, name: str, **about: Any) -> dict[str, Any]:
        """A token of that person's, as the hub describes it; without scopes it has all their rights."""
        token: dict[str, Any] = self.ask("POST", f"users/{name}/tokens", json={"note": "a test", **about})
        return token

    def server(self, name: str) -> NotebookServer:
        """The notebook server of that person, started if it is not running."""
        if name not in self._servers:
            self.start_servers(name)
        return self._servers[name]

    def start_servers(self, *names: str) -> None:
        """Start the servers of these people side by side."""
        for name in names:
            self.ask("POST", f"users/{name}/server", 400)
        for name in names:
            until(lambda name=name: self._is_ready(name), f"the server of {name}")
            self._servers[name] = self._describe(name)

    def stop_server(self, name: str) -> None:
        """Stop that person's server, which takes its token from it."""
        self._servers.pop(name, None)
        self.ask("DELETE", f"users/{name}/server", 404)
        until(lambda: not self.ask("GET", f"users/{name}")["servers"], f"the server of {name} to stop")

    def _describe(self, name: str) -> NotebookServer:
        pid = self.ask("GET", f"users/{name}")["servers"][""]["state"]["pid"]
        home = self.folder / "homes" / name
        return NotebookServer(name, f"{self.url}/user/{name}/", home, pid, self.new_token(name)["token"])

    def _is_ready(self, name: str) -> bool:
        return bool(self.ask("GET", f"users/{name}")["servers"].get("", {}).get("ready"))

    def own_token(self, name: str) -> dict[str, Any]:
        """The token that the hub gave to that person's server, as the hub describes it."""
        tokens = self.ask("GET", f"users/{name}/tokens")["api_tokens"]
        newest = max((t for t in tokens if t["note"].startswith("Server at")), key=lambda t: t["created"])
        return dict(newest)

    def history(self, **asked: str) -> list[dict[str, Any]]:
        """The exchange's log as the instructor may see it, asked with the token of their server."""
        headers = {"Authorization": f"token {self.server(INSTRUCTOR).exchange_token}"}
        url = f"{self.exchange_url}v1/history"
        reply = requests.get(url, params=asked, headers=headers, timeout=DEADLINE)
        assert reply.ok, reply.text
        return list(reply.json()["actions"])


@dataclass
class ExternalExchange:
    """The exchange as something else than the hub starts it: with the page's two variables."""

    folder: Path
    ports: Ports
    _running: ExitStack = field(default_factory=ExitStack)
    service: servers.Service = field(init=False)

    def start(self, **settings: str) -> None:
        variables = {
            "JUPYTERHUB_SERVICE_NAME": "nbexchange",
            "JUPYTERHUB_API_URL": f"http://127.0.0.1:{self.ports.hub}/hub/api",
            "NBEXCHANGE_CONFIG_FILE": str(self.folder / "nbexchange_config.py"),
        }
        started = servers.service(
            self.folder / "exchange", {**variables, **settings}, port=self.ports.exchange
        )
        self.service = self._running.enter_context(started)

    def stop(self) -> None:
        self._running.close()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """While the block lasts, nothing listens there."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def having(self, **settings: str) -> Iterator[None]:
        """While the block lasts, it runs with other settings."""
        self.stop()
        self.start(**settings)
        try:
            yield
        finally:
            self.stop()
            self.start()


@contextmanager
def running_hub(
    folder: Path, proxy: Path, *, managed: bool = False, subdomains: bool = False
) -> Iterator[Hub]:
    """A hub with its people's homes in `folder`; whatever happens, nothing of it runs afterwards.

    With `subdomains` it has no exchange, which the servers there would have to find by a name.
    """
    ports, keys = Ports.free(), Secrets(secrets.token_hex(16), secrets.token_hex(16))
    for name in PEOPLE:
        (folder / "homes" / name).mkdir(parents=True)
    config = write_hub_config(folder, ports, keys, str(proxy), managed=managed, subdomains=subdomains)
    hub = Hub(folder, ports, keys, subdomains=subdomains)
    with telling(folder / "hub.log"), ExitStack() as stack:
        if not managed and not subdomains:
            hub.exchange = ExternalExchange(folder, ports)
            stack.callback(hub.exchange.stop)
            hub.exchange.start()
        stack.callback(end_all, str(folder))
        command = [sys.executable, "-m", "jupyterhub", "-f", str(config)]
        running = servers.process(
            command,
            hub_environment(folder),
            folder / "hub.log",
            lambda: is_up(hub),
            end=signal.SIGKILL,  # its farewell to each notebook server takes seconds
        )
        hub.pid = stack.enter_context(running).pid
        yield hub


@contextmanager
def telling(log: Path) -> Iterator[None]:
    """Let a hub that does not start say why: its folder is gone when somebody looks for the log."""
    try:
        yield
    except servers.ServerFailed as failure:
        failure.add_note(log.read_text()[-4000:] if log.exists() else "there is no log")
        raise


def hub_environment(folder: Path) -> dict[str, str]:
    """For the hub and what it starts: without the user's own settings, since nbgrader reads `~/.jupyter`."""
    environment = {
        name: value for name, value in servers.clean_environment().items() if not name.startswith("JUPYTER")
    }
    return {**environment, "HOME": str(folder), MARK: str(folder)}


def is_up(hub: Hub) -> bool:
    """Whether the hub answers, and then the exchange, through the hub's proxy."""
    own = f"http://127.0.0.1:{hub.ports.hub}/hub/api/"
    host = {"Host": hub.url_for_browsers.removeprefix("http://")}
    asked = [f"{hub.url}/hub/api/"] if hub.subdomains else [own, f"{hub.exchange_url}healthz"]
    try:
        return all(requests.get(url, headers=host, timeout=5).ok for url in asked)
    except requests.RequestException:
        return False


def until(is_so: Callable[[], Any], what: str, seconds: float = DEADLINE) -> Any:
    """Ask again and again until it is so; gives what was answered at last."""
    deadline = time.monotonic() + seconds
    while not (value := is_so()):
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what}"
        time.sleep(0.05)
    return value
