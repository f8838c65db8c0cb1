"""What the exchange holds, as the directory in which nbgrader's own exchange would have it.

Many of nbgrader's tests look there. After each action that changes something, what an instructor is given by the
service is written there, by the names of nbgrader's exchange; the plugin never reads it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from nbexchange.plugin import ExchangeList, ExchangeReleaseAssignment, ExchangeSubmit
from nbexchange.plugin.archives.extraction import Modes, unpack
from nbexchange.plugin.exchange import Exchange
from nbexchange.plugin.transfer.transfers import accept
from nbexchange.protocol import DownloadItem, Kind, SubmissionsQuery


def showing_itself(start: Callable[[Exchange], Any]) -> Callable[[Exchange], Any]:
    """The `start` of an action, which then writes the directory that it was configured with."""

    def start_and_show(action: Exchange) -> Any:
        outcome = start(action)
        changes = isinstance(action, ExchangeReleaseAssignment | ExchangeSubmit)
        if changes or (isinstance(action, ExchangeList) and action.remove):
            show(action, Path(action.root))
        return outcome

    return start_and_show


def show(action: Exchange, root: Path) -> None:
    for course in (course.course_id for course in action.client.me().courses):
        shutil.rmtree(root / course, ignore_errors=True)
        for folder in ("outbound", "inbound"):
            (root / course / folder).mkdir(parents=True)
        for kind, object_id, folder, stamp in _content(action, course):
            _write(action, kind, object_id, root / course / folder)
            if stamp:
                (root / course / folder / "timestamp.txt").write_text(stamp)


def _content(action: Exchange, course: str) -> Iterator[tuple[Kind, Any, str, str]]:
    """Releases and submissions: kind and id, and the folder and stamp that nbgrader's exchange would give them."""
    for entry in action.client.assignments(course).assignments:
        if entry.release:
            yield "release", entry.release.id, f"outbound/{entry.assignment_id}", ""
    for record in action.client.submissions(SubmissionsQuery(course)):
        stamp = action.format_stamp(record.submitted_at)
        yield "submission", record.id, f"inbound/{record.student_id}+{record.assignment_id}+{stamp}+x", stamp


def _write(action: Exchange, kind: Kind, object_id: Any, folder: Path) -> None:
    (answer,) = action.transfer.grants([DownloadItem(kind, object_id)])
    granted = accept(answer)
    with tempfile.TemporaryFile() as archive:
        action.transfer.receive(kind, granted, archive, folder.name)
        unpack(archive, folder, granted.unpacked_size or 0, Modes())
