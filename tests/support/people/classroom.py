"""People at their own machines, with nbgrader and the plugin, and nothing in common but the service."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.abc.exchange import ExchangeError
from nbgrader.utils import parse_utc
from traitlets.config import Config

from nbexchange.demo.course import FACTORY_LINES
from nbexchange.plugin import ExchangeSubmit
from nbexchange.plugin.origins import ORIGIN
from support.people.commands import Ended, run_jupyter_nbexchange, run_nbgrader


class Noting(logging.Handler):
    """Keeps what is logged at INFO and above, in a list."""

    def __init__(self, messages: list[str]) -> None:
        super().__init__(logging.INFO)
        self.messages = messages

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@dataclass
class Desk:
    """One person's home, token and nbgrader."""

    home: Path
    url: str
    token: str
    messages: list[str] = field(default_factory=list)

    @property
    def data(self) -> Path:
        """Jupyter's data directory, beside the home: nothing there is work."""
        return self.home.with_name(f"{self.home.name}.data")

    @property
    def text(self) -> str:
        """What the last action logged at INFO and above, a line each."""
        return "\n".join(self.messages)

    def run(self, action: Any, assignment: str = "", course: str = "cs1", **traits: Any) -> Any:
        """Do an action as nbgrader's apps do; `coursedir` and `config` may be given as dictionaries."""
        return self.make(action, assignment, course, **traits).start()

    def make(self, action: Any, assignment: str = "", course: str = "cs1", **traits: Any) -> Any:
        config = Config(traits.pop("config", {}))
        config.Exchange.base_service_url = self.url
        config.Exchange.assignment_dir = str(self.home)
        config.Exchange.setdefault("cache", str(self.data / "nbgrader_cache"))
        coursedir = CourseDirectory(
            root=str(self.home),
            course_id=course,
            assignment_id=assignment,
            config=config,
            **traits.pop("coursedir", {}),
        )
        instance = action(coursedir=coursedir, config=config, **traits)
        instance.log = self._logger()
        prepared = instance.start

        def start() -> Any:
            with self.signed_in():
                return prepared()

        instance.start = start
        return instance

    def _logger(self) -> logging.Logger:
        self.messages = []
        logger = logging.Logger("desk")
        logger.addHandler(Noting(self.messages))
        return logger

    @contextmanager
    def signed_in(self) -> Iterator[None]:
        with patch.dict(os.environ, {"JUPYTERHUB_API_TOKEN": self.token}):
            yield

    # --- nbgrader itself -----------------------------------------------------------------------------------

    def nbgrader(self, *arguments: str, status: int = 0) -> str:
        """Run the real command here, in this process; gives what it logged, fails at another exit status."""
        with self.at_home():
            return run_nbgrader(arguments, status)

    def ask(self, *arguments: str) -> Ended:
        """Run `jupyter nbexchange` here, in this process."""
        with self.at_home():
            return run_jupyter_nbexchange(arguments)

    @contextmanager
    def at_home(self) -> Iterator[None]:
        """Signed in, in the home directory, with the configuration that README tells people to write."""
        config = self.home / "nbgrader_config.py"
        if not config.exists():
            config.write_text(f'c = get_config()\n{FACTORY_LINES}c.CourseDirectory.course_id = "cs1"\n')
        environment = {
            "HOME": str(self.home),
            "JUPYTER_CONFIG_DIR": str(self.home / ".jupyter"),
            "JUPYTER_DATA_DIR": str(self.data),
            "NBEXCHANGE_URL": self.url,
        }
        with chdir(self.home), patch.dict(os.environ, environment), self.signed_in():
            yield

    def configure(self, *lines: str) -> None:
        """Add lines to the configuration."""
        with self.at_home(), Path("nbgrader_config.py").open("a") as config:
            config.writelines(f"{line}\n" for line in lines)

    # --- files ---------------------------------------------------------------------------------------------

    def write(self, path: str, content: str | bytes = "{}") -> Path:
        file = self.home / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    def files(self, below: str = ".") -> dict[str, bytes]:
        """The files there by their paths, but for those that say where a fetched folder came from."""
        root = self.home / below
        files = (path for path in root.rglob("*") if path.is_file() and path.name != ORIGIN)
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}

    def leftovers(self) -> list[str]:
        """What an action that failed half-way might have left behind."""
        return [p.name for p in self.home.rglob(".*") if p.name not in {".", "..", ORIGIN}]


def make_feedback(teacher: Desk, student: str, assignment: str = "ps1", text: str = "good") -> None:
    """Feedback as nbgrader generates it: beside the stamp and the id that collect wrote."""
    for name in ("timestamp.txt", "submission_secret.txt"):
        content = teacher.files(f"submitted/{student}/{assignment}")[name]
        teacher.write(f"feedback/{student}/{assignment}/{name}", content)
    teacher.write(f"feedback/{student}/{assignment}/p1.html", text)


def collected(desks: Any, student: str = "ada") -> dict[str, bytes]:
    """What the teacher has of a student's `ps1`."""
    files: dict[str, bytes] = desks.teacher.files(f"submitted/{student}/ps1")
    return files


def notebook_of(desks: Any, student: str = "ada") -> bytes:
    return collected(desks, student)["p1.ipynb"]


def stamp_of(desks: Any, student: str = "ada") -> datetime:
    return parse_utc(collected(desks, student)["timestamp.txt"].decode()).replace(tzinfo=UTC)


def checks(desk: Desk, status: int) -> dict[str, Any]:
    """What `jupyter nbexchange status` finds at that desk, by name; fails at another exit status."""
    said = desk.ask("status", "--json")
    assert said.status == status, said.out
    assert said.json["ok"] is (status == 0)
    return {check["name"]: check for check in said.json["checks"]}


def listed_lines(log: str) -> list[str]:
    """What `nbgrader list` printed, without the name of the application."""
    lines = log.splitlines()
    assert all(line.startswith("[ListApp | INFO] ") for line in lines), log
    return [line.partition("] ")[2] for line in lines]


def attempt_stamps(people: Any, student: str = "ada") -> list[str]:
    """The stamps of a student's attempts, as nbgrader writes them."""
    records = getattr(people, student).assignments()[0]["submissions"]
    return [record["submitted_at"].replace("T", " ").replace("Z", " UTC") for record in records]


def give_feedback(desks: Any, *students: str, text: str = "good") -> None:
    desks.teacher.nbgrader("collect", "ps1", "--update")
    for student in students:
        make_feedback(desks.teacher, student, text=text)
    desks.teacher.nbgrader("release_feedback", "ps1")


def attempt(desk: Desk, action: Any, **config: Any) -> str:
    """What is said when an action on `ps1` fails, which it has to: without the token, and without a traceback."""
    assignment = "work/ps1" if action is ExchangeSubmit else "ps1"
    with pytest.raises(ExchangeError) as failure:
        desk.run(action, assignment, config={"Exchange": config})
    text = str(failure.value) + desk.text
    assert desk.token not in text
    assert "Traceback" not in text
    return str(failure.value)
