"""Folders with somebody's work in them, from which no configuration is read: its author could have written it."""

from __future__ import annotations

import os
from pathlib import Path

STAMP, SECRET = "timestamp.txt", "submission_secret.txt"
"""What collect writes at the top of a submission."""

STEPS = ("submitted", "autograded", "feedback")
"""Folders of a course that have submissions in them, as nbgrader calls them unless it is configured otherwise."""

COURSE_FILES = ("gradebook.db", "nbgrader_config.py")
"""What is at the top of a course."""


def submission_around(folder: Path) -> Path | None:
    """The outermost submission, or folder of submissions, that `folder` is or lies in; None elsewhere."""
    path = folder.resolve()
    return next((part for part in [*reversed(path.parents), path] if _has_submissions(part)), None)


def _has_submissions(folder: Path) -> bool:
    if folder.name in STEPS and _has_any(folder.parent, COURSE_FILES):
        return True
    return _has_any(folder, (STAMP, SECRET))


def _has_any(folder: Path, names: tuple[str, ...]) -> bool:
    return any(os.path.lexists(folder / name) for name in names)
