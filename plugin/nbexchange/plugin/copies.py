"""Copies of what was submitted, in nbgrader's cache on this machine, for people: lists come from the service."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from glob import escape
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from msgspec import Struct

from nbexchange.plugin.archives.extraction import Modes, unpack
from nbexchange.plugin.archives.trees import staged
from nbexchange.plugin.stamps import read_secret, read_stamp
from nbexchange.plugin.submission_folders import SECRET, STAMP
from nbexchange.protocol import SubmissionRecord

OLDEST = datetime.min.replace(tzinfo=UTC)


class Copies(Struct, frozen=True):
    """The folders `course/student+assignment+stamp` below `cache`, as nbgrader's own exchange names them."""

    cache: Path

    def keep(
        self, record: SubmissionRecord, archive: BinaryIO, attempt: str, stamp: str, modes: Modes
    ) -> None:
        """Keep what was sent, in a folder of the attempt's name, with its stamp and the id by which the copy is known.

        Raises `OSError`.
        """
        archive.seek(0)
        name = f"{_prefix(record)}{attempt.replace('/', '-')}"
        with staged(self.cache / record.course_id / name, replace=False) as folder:
            unpack(archive, folder, record.unpacked_size, modes)
            (folder / STAMP).write_text(stamp)
            (folder / SECRET).write_text(str(record.id))

    def keep_newest(self, record: SubmissionRecord, count: int) -> None:
        """Remove the copies of the student's older attempts at the same assignment. Raises `OSError`."""
        matching = (self.cache / record.course_id).glob(f"{escape(_prefix(record))}*")
        ours = [folder for folder in matching if read_secret(folder)]  # nbgrader's own secrets are no ids
        ours.sort(key=lambda folder: (read_stamp(folder) or OLDEST, folder.name))
        _remove(ours[:-count])

    def forget(self, course_id: str, ids: Collection[UUID]) -> None:
        """Remove the copies of these submissions, where there are any. Raises `OSError`."""
        folders = (self.cache / course_id).glob("*+*+*")
        _remove(folder for folder in folders if read_secret(folder) in ids)


def _prefix(record: SubmissionRecord) -> str:
    return f"{record.student_id}+{record.assignment_id}+"


def _remove(folders: Iterable[Path]) -> None:
    for folder in folders:
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:  # somebody else removes it
            continue
