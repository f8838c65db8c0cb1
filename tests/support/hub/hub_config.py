"""The files of a hub: what docs/authentication.md tells an operator to write, and what keeps it on loopback."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from nbexchange.demo.course import COURSE, FACTORY_LINES
from nbexchange.demo.servers import free_ports

PAGE = Path(__file__).parents[3] / "docs" / "authentication.md"

INSTRUCTOR = "teacher"
GRADER = "grace"
STUDENTS = ("ada", "ben")
PEOPLE = (INSTRUCTOR, GRADER, *STUDENTS)
"""The page's own instructor and students; the grader's group needs the page's pattern for it."""

BIN = Path(sys.executable).parent

HOST_WITH_SUBDOMAINS = "hub.localhost"
"""Browsers know by themselves that it and all names below it are this machine."""


@dataclass(frozen=True)
class Ports:
    """Where the parts of a hub listen, all on loopback."""

    proxy: int
    proxy_api: int
    hub: int
    exchange: int

    @classmethod
    def free(cls) -> Ports:
        return cls(*free_ports(4))

    def instead_of_the_pages(self, text: str) -> str:
        """What the page says, with these ports in the place of the usual ones."""
        for usual, ours in (("9000", self.exchange), ("8000", self.proxy), ("8081", self.hub)):
            text = text.replace(f"127.0.0.1:{usual}", f"127.0.0.1:{ours}")
        return text


@dataclass(frozen=True)
class Secrets:
    """The password of everybody, and the token of the service that stands for the hub's administrator."""

    password: str
    driver: str


def from_the_page(file: str, having: str) -> str:
    """The block of that file in docs/authentication.md which has these words."""
    blocks = re.findall(rf"^```python\n# {re.escape(file)}[^\n]*\n(.*?)^```", PAGE.read_text(), re.M | re.S)
    (section,) = [text for text in blocks if having in text]
    return str(section)


def write_exchange_config(path: Path) -> Path:
    """The page's groups of instructors, graders and students; who the exchange is, the hub or its variables say."""
    text = from_the_page("nbexchange_config.py", "grader-(?P<course>")
    lines = [line for line in text.splitlines() if not re.search(r"\.(api_url|service_name) = ", line)]
    path.write_text("\n".join([*lines, ""]))
    return path


def write_jupyter_config(folder: Path) -> Path:
    """What an image would have below /etc/jupyter, for everybody's server."""
    folder.mkdir()
    (folder / "nbgrader_config.py").write_text(
        f'c = get_config()\n{FACTORY_LINES}c.CourseDirectory.course_id = "{COURSE}"\n'
        "c.Exchange.retry_seconds = 2\n"  # for what stays away in a test
    )
    return folder


LOOPBACK = """\
c = get_config()
c.JupyterHub.bind_url = "http://127.0.0.1:{ports.proxy}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{ports.hub}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{ports.proxy_api}"
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.ConfigurableHTTPProxy.pid_file = "{folder}/proxy.pid"
c.JupyterHub.db_url = "sqlite:///{folder}/hub.sqlite"
c.JupyterHub.cookie_secret_file = "{folder}/cookie_secret"
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = "{secrets.password}"
c.Authenticator.allowed_users = {people!r}
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "{folder}/homes/{{username}}"
c.Spawner.cmd = ["{bin}/jupyterhub-singleuser"]
c.Spawner.args = ["--allow-root"]  # the tests may be run by root
c.Spawner.default_url = "/lab"
"""

OURS = """\
c.Spawner.environment |= {{
    "JUPYTER_CONFIG_PATH": "{jupyter}",
    "HUB_OF_THE_TESTS": "{folder}",
}}
c.JupyterHub.load_groups["grader-{course}"] = {{"users": ["{grader}"]}}
c.JupyterHub.services += [
    {{"name": "driver", "api_token": "{secrets.driver}"}},
    {{"name": "elsewhere", "api_token": "{secrets.driver}-elsewhere"}},
]
c.JupyterHub.load_roles += [
    {{
        "name": "driver",
        "services": ["driver"],
        "scopes": ["admin:users", "admin:servers", "tokens", "access:servers", "access:services", "read:hub"],
    }},
    {{"name": "elsewhere", "groups": ["nbgrader-{course}"], "scopes": ["access:services!service=elsewhere"]}},
]
"""

SUBDOMAINS = """\
c.JupyterHub.subdomain_host = "http://{host}:{ports.proxy}"
c.JupyterHub.services[0].pop("url")  # it is not there, and the hub would wait for it
"""

MANAGED = """\
c.JupyterHub.services[0] |= {{
    "command": ["nbexchange", "serve"],
    "environment": {{
        "NBEXCHANGE_CONFIG_FILE": "{config}",
        "NBEXCHANGE_DATA_DIR": "{folder}/exchange",
        "HUB_OF_THE_TESTS": "{folder}",
    }},
}}
"""


def write_hub_config(
    folder: Path, ports: Ports, secrets: Secrets, proxy: str, *, managed: bool, subdomains: bool = False
) -> Path:
    """The hub's file: an operator's lines about where it listens, those of the page, those of the tests."""
    page = ports.instead_of_the_pages(from_the_page("jupyterhub_config.py", "server_token_scopes"))
    facts = {
        "folder": folder,
        "ports": ports,
        "host": HOST_WITH_SUBDOMAINS,
        "secrets": secrets,
        "proxy": proxy,
        "people": set(PEOPLE),
        "bin": BIN,
        "course": COURSE,
        "grader": GRADER,
        "jupyter": write_jupyter_config(folder / "jupyter"),
        "config": write_exchange_config(folder / "nbexchange_config.py"),
    }
    parts = [LOOPBACK.format(**facts), page, OURS.format(**facts)]
    if managed:
        parts.append(MANAGED.format(**facts))
    if subdomains:
        parts.append(SUBDOMAINS.format(**facts))
    path = folder / "jupyterhub_config.py"
    path.touch(0o600)
    path.write_text("\n".join(parts))
    return path
