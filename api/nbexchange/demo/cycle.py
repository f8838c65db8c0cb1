"""The cycle itself: what each person types, one after the other."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from nbexchange.api.auth.tokens import TokenFile
from nbexchange.api.db.engine import connect
from nbexchange.api.db.models import Action
from nbexchange.demo import course, servers
from nbexchange.demo.course import ASSIGNMENT, COURSE, INSTRUCTOR, STUDENTS

STEP_TIMEOUT = 300


class DemoFailed(Exception):
    """A step did not do what it should; its text has what the command printed."""


@dataclass(frozen=True)
class Demo:
    """People with homes and tokens, and a running service between them."""

    folder: Path
    service: servers.Service
    db_url: str
    tokens: Mapping[str, str]
    started: float = field(default_factory=time.monotonic)

    def home(self, person: str) -> Path:
        return self.folder / "homes" / person

    def environment(self, person: str) -> dict[str, str]:
        """What a hub would give to this person's server."""
        return {
            **servers.clean_environment(),
            "HOME": str(self.home(person)),
            "NBEXCHANGE_URL": self.service.url,
            "JUPYTERHUB_API_TOKEN": self.tokens[person],
            "JUPYTERHUB_USER": person,
        }

    def nbgrader(self, person: str, *arguments: str) -> str:
        """Run `nbgrader` as this person, at their home; gives what it printed, raises `DemoFailed`."""
        self.say(f"{person:10} nbgrader {' '.join(arguments)}")
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *arguments],
            cwd=self.home(person),
            env=self.environment(person),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=STEP_TIMEOUT,
            check=False,
        )
        if done.returncode != 0:
            raise DemoFailed(f"nbgrader {' '.join(arguments)} failed for {person}:\n{done.stdout}")
        return done.stdout

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self.started:6.1f} s  {text}", flush=True)


def run_demo(*, keep: bool = False, postgres: bool = False, s3: bool = False) -> None:
    """Run the cycle and print what travelled; with `keep`, leave the service running until Ctrl-C."""
    folder = Path(tempfile.mkdtemp(prefix="nbexchange-demo-"))
    try:
        with prepared(folder, postgres=postgres, s3=s3) as demo:
            run_cycle(demo)
            print(travelled(demo.db_url), flush=True)
            if keep:
                keep_running(instructions(demo))
    except (DemoFailed, servers.ServerFailed, KeyboardInterrupt) as failure:
        sys.exit(f"nbexchange demo: {failure}\nEverything is still in {folder}")
    if not keep:
        shutil.rmtree(folder)


@contextmanager
def prepared(folder: Path, *, postgres: bool, s3: bool) -> Iterator[Demo]:
    """A service on what was asked for, and the people with their tokens and homes."""
    settings: dict[str, str] = {}
    with ExitStack() as stack:
        db_url = f"sqlite:///{folder / 'service' / 'data' / 'nbexchange.sqlite'}"
        if postgres:
            db_url = settings["NBEXCHANGE_DB_URL"] = stack.enter_context(
                servers.postgresql(folder / "postgresql")
            )
        if s3:
            settings |= stack.enter_context(servers.s3_server(folder / "s3")).environment
            (folder / "service").mkdir()
            initialise_storage(folder / "service", settings)
        tokens = make_tokens(TokenFile(folder / "service" / "data" / "tokens.json"))
        service = stack.enter_context(servers.service(folder / "service", settings))
        demo = Demo(folder, service, db_url, tokens)
        for person in (INSTRUCTOR, *STUDENTS):
            course.configuration(demo.home(person))
        course.write_source(demo.home(INSTRUCTOR))
        where = settings.get("NBEXCHANGE_BASE_STORAGE_LOCATION", "a directory")
        demo.say(f"the service runs at {service.base_url} on {db_url.partition(':')[0]} and {where}")
        yield demo


def initialise_storage(folder: Path, settings: Mapping[str, str]) -> None:
    environment = {**servers.clean_environment(), **servers.service_settings(folder), **settings}
    command = [sys.executable, "-m", "nbexchange.api", "storage", "init"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DemoFailed(f"the bucket was not made: {done.stderr}")


def make_tokens(file: TokenFile) -> dict[str, str]:
    people = {INSTRUCTOR: "Instructor", **dict.fromkeys(STUDENTS, "Student")}
    return {
        name: file.create(
            {
                "name": name,
                "full_name": f"{name.title()} Example",
                "email": f"{name}@example.org",
                "courses": [{"course_id": COURSE, "course_role": role}],
            }
        )
        for name, role in people.items()
    }


def run_cycle(demo: Demo) -> None:
    """Release to feedback, once around; one student submits twice."""
    demo.nbgrader(INSTRUCTOR, "generate_assignment", ASSIGNMENT)
    demo.nbgrader(INSTRUCTOR, "release_assignment", ASSIGNMENT)
    for student in STUDENTS:
        demo.nbgrader(student, "list")
        demo.nbgrader(student, "fetch_assignment", ASSIGNMENT)
    course.answer(demo.home("bob"), course.FIRST_TRY)
    demo.nbgrader("bob", "submit", ASSIGNMENT)
    for student in STUDENTS:
        course.answer(demo.home(student), course.ANSWERS[student])
        demo.nbgrader(student, "submit", ASSIGNMENT)
    demo.nbgrader(INSTRUCTOR, "collect", ASSIGNMENT)
    demo.nbgrader(INSTRUCTOR, "autograde", ASSIGNMENT)
    demo.nbgrader(INSTRUCTOR, "generate_feedback", ASSIGNMENT)
    demo.nbgrader(INSTRUCTOR, "release_feedback", ASSIGNMENT)
    for student in STUDENTS:
        demo.nbgrader(student, "fetch_feedback", ASSIGNMENT)
        if not list(demo.home(student).glob(f"{ASSIGNMENT}/feedback/*/*.html")):
            raise DemoFailed(f"{student} has no feedback")


def travelled(db_url: str) -> str:
    """A table of what the exchange's own log says: who, what, bytes, digest, time."""
    database = connect(db_url)
    with database.read() as session:
        actions = session.scalars(select(Action).order_by(Action.pk)).all()
    database.engine.dispose()
    rows = [
        (
            action.actor,
            action.verb,
            action.on_behalf or "",
            f"{action.size or 0:,}",
            (action.sha256 or "")[:12],
            _time(action.at),
        )
        for action in actions
    ]
    return table(("who", "what", "of or for", "bytes", "sha256", "server time (UTC)"), rows)


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = [head, tuple("-" * width for width in widths), *rows]
    return "\n" + "\n".join("  ".join(f"{c:{w}}" for c, w in zip(row, widths, strict=True)) for row in lines)


def instructions(demo: Demo) -> str:
    tokens = "\n".join(f"  {name:10} JUPYTERHUB_API_TOKEN={token}" for name, token in demo.tokens.items())
    return (
        f"\nThe service keeps running until Ctrl-C: {demo.service.base_url}\n"
        f"Homes and data: {demo.folder}\n\n"
        f"For nbgrader_config.py:\n\n{course.FACTORY_LINES}"
        f'c.Exchange.base_service_url = "{demo.service.url}"\n'
        f'c.CourseDirectory.course_id = "{COURSE}"\n\n'
        f"A token for each person, for the environment:\n{tokens}\n"
    )


def keep_running(text: str) -> None:
    """Say that it runs, until Ctrl-C, or until somebody ends the process: the servers are stopped either way."""
    ends = {signal.SIGINT, signal.SIGTERM}
    # First, since one who reads the text may end it at once.
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    print(text, flush=True)
    signal.sigwait(ends)
