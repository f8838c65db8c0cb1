"""Somebody's notebook server, and what nbgrader's extensions answer there."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from nbexchange.demo.course import COURSE

PATIENCE = 120
"""Seconds; autograding runs a notebook."""


@dataclass(frozen=True)
class NotebookServer:
    """A server of the hub's, reached over the hub's proxy."""

    name: str
    url: str
    home: Path
    pid: int
    token: str = field(repr=False)
    """With all rights of its owner, as a browser has them that is logged in."""

    @property
    def environment(self) -> dict[str, str]:
        """That of the server, and of the terminals that its owner opens there."""
        variables = Path(f"/proc/{self.pid}/environ").read_text().split("\0")
        return dict(line.split("=", 1) for line in variables if line)

    @property
    def exchange_token(self) -> str:
        """What the hub gave to the server, and the plugin sends to the exchange."""
        return self.environment["JUPYTERHUB_API_TOKEN"]

    def call(self, method: str, path: str, **options: Any) -> Any:
        return self.get(path, method, **options).json()

    def get(self, path: str, method: str = "GET", **options: Any) -> requests.Response:
        headers = {"Authorization": f"token {self.token}"}
        options = {"timeout": PATIENCE, **options}
        reply = requests.request(method, self.url + path, headers=headers, **options)
        assert reply.ok, f"{method} {path}: {reply.status_code} {reply.text[:2000]}"
        return reply

    # --- the Assignment List -------------------------------------------------------------------------------

    def assignments(self, course: str = COURSE) -> Any:
        return self.call("GET", "assignments", params={"course_id": course})

    def act(self, action: str, assignment: str, course: str = COURSE) -> Any:
        """`fetch`, `submit` or `fetch_feedback`, as the Assignment List asks for it."""
        about = {"course_id": course, "assignment_id": assignment}
        return self.call("POST", f"assignments/{action}", json=about)

    def shown(self, assignment: str, status: str) -> Any:
        """The one entry of the Assignment List with that status."""
        listed = self.assignments()
        assert listed["success"], listed["value"]
        entries = [a for a in listed["value"] if (a["assignment_id"], a["status"]) == (assignment, status)]
        assert len(entries) == 1, listed["value"]
        return entries[0]

    # --- Formgrader ----------------------------------------------------------------------------------------

    def formgrader(self, action: str, assignment: str) -> Any:
        """`assign`, `release`, `collect`, `generate_feedback` or `release_feedback`, as its buttons ask for it."""
        return self.call("POST", f"formgrader/api/assignment/{assignment}/{action}")

    def autograde(self, assignment: str, student: str) -> Any:
        return self.call("POST", f"formgrader/api/submission/{assignment}/{student}/autograde")
