"""What shows nbgrader to people beside its commands, as its own extensions make it in a Jupyter server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nbgrader.apps.api import NbGraderAPI
from nbgrader.apps.baseapp import NbGrader
from nbgrader.coursedir import CourseDirectory
from nbgrader.server_extensions.assignment_list.handlers import AssignmentList

from support.people.classroom import Desk


@contextmanager
def assignment_list(desk: Desk) -> Iterator[AssignmentList]:
    """The manager behind a student's Assignment List."""
    manager = AssignmentList()
    manager.root_dir = str(desk.home)
    with desk.at_home():
        yield manager


@contextmanager
def formgrader(desk: Desk, kind: type[NbGraderAPI] = NbGraderAPI, **traits: Any) -> Iterator[Any]:
    """The API with the configuration of somebody's home, made anew for every request."""
    with desk.at_home():
        app = NbGrader()
        app.load_config_file()
        yield kind(CourseDirectory(config=app.config), config=app.config, **traits)
