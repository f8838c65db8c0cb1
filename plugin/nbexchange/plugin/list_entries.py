"""The entries of a list, as nbgrader and its extensions read them, and the line that is printed for each."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from nbexchange.plugin.origins import holds_copy
from nbexchange.protocol import Assignment, Feedback, SubmissionRecord, top_level

Info = dict[str, Any]


def attempts(entries: Iterable[Assignment]) -> list[SubmissionRecord]:
    return [record for entry in entries for record in entry.submissions]


def outbound_info(
    course_id: str, assignment_id: str, status: str, path: str, folder: Path, notebooks: Iterable[str]
) -> Info:
    """An assignment that is released, or of which there is a copy in `folder`."""
    return {
        "course_id": course_id,
        "assignment_id": assignment_id,
        "status": status,
        "path": path,
        "notebooks": [{"notebook_id": Path(name).stem, "path": str(folder / name)} for name in notebooks],
    }


def copy_info(course_id: str, assignment_id: str, folder: Path) -> Info:
    notebooks = sorted(file.name for file in folder.glob("*.ipynb"))
    return outbound_info(course_id, assignment_id, "fetched", str(folder), folder, notebooks)


def released_info(entry: Assignment, folder: Path) -> Info:
    """What is released, or the caller's copy of it in that folder."""
    course_id, assignment_id = entry.course_id, entry.assignment_id
    if holds_copy(folder, course_id, assignment_id):
        return copy_info(course_id, assignment_id, folder)
    notebooks = top_level(entry.release.notebooks) if entry.release else []
    path = f"{course_id}/{assignment_id}"
    return outbound_info(course_id, assignment_id, "released", path, folder, notebooks)


def notebook_info(name: str, folder: Path, exchange: Feedback | None) -> Info:
    """A submitted notebook and its feedback: here, at the exchange, and whether the two differ."""
    local = folder / f"{Path(name).stem}.html"
    has_local = os.path.isfile(local)  # noqa: PTH113 - pathlib's raises where a folder may not be looked into
    return {
        "notebook_id": Path(name).stem,
        "path": name,
        "has_local_feedback": has_local,
        "has_exchange_feedback": exchange is not None,
        "local_feedback_path": str(local) if has_local else None,
        "feedback_updated": has_local and exchange is not None and digest(local) != exchange.sha256,
    }


def feedback_info(notebooks: Collection[Info], folder: Path, exchange: Mapping[str, Feedback]) -> Info:
    """The feedback on an attempt: there is some as soon as one notebook has it, and it is here when all of it is.

    nbgrader wants it for every notebook, so that a scratch notebook hides it from its student for ever.
    """
    listed = {info["notebook_id"] for info in notebooks}
    unlisted = [notebook_info(name, folder, exchange[name]) for name in exchange if name not in listed]
    entries = [*notebooks, *unlisted]
    has_local = any(info["has_local_feedback"] for info in entries) and not any(
        info["has_exchange_feedback"] and not info["has_local_feedback"] for info in entries
    )
    return {
        "has_local_feedback": has_local,
        "has_exchange_feedback": bool(exchange),
        "feedback_updated": any(info["feedback_updated"] for info in entries),
        "local_feedback_path": str(folder) if has_local else None,
    }


def name_of(info: Info) -> str:
    return f"{info['course_id']} {info['assignment_id']}"


def outbound_line(info: Info) -> str:
    return name_of(info) + (" (already downloaded)" if info["status"] == "fetched" else "")


def inbound_line(info: Info) -> str:
    line = f"{info['course_id']} {info['student_id']} {info['assignment_id']} {info['timestamp']}"
    if info["status"] == "removed":
        return line
    if info["has_local_feedback"] and not info["feedback_updated"]:
        state = "feedback already fetched"
    elif info["has_exchange_feedback"]:
        state = "feedback ready to be fetched"
    else:
        state = "no feedback available"
    return f"{line} ({state})"


def flatten(groups: Iterable[Info]) -> list[Info]:
    return [info for group in groups for info in group["submissions"]]


def digest(path: Path) -> str | None:
    """None where there is no file that can be read: one of them is no reason for a list to fail."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
