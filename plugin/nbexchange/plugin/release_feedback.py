"""An instructor releases feedback: one HTML file for each notebook of a submission."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from fnmatch import fnmatchcase
from glob import escape, glob
from pathlib import Path
from uuid import UUID, uuid4

from nbgrader.exchange.abc import ExchangeReleaseFeedback as ABCExchangeReleaseFeedback

from nbexchange.plugin.exchange import Exchange
from nbexchange.plugin.failures import TransferFailed, explain_failure
from nbexchange.plugin.messages import say
from nbexchange.plugin.sizes import humanize
from nbexchange.plugin.stamps import read_secret, read_stamp
from nbexchange.protocol import MAX_ITEMS, InitiateUploads, UploadItem

NO_FEEDBACK = "No feedback to release"
"""How it is said, which Formgrader would otherwise call a success."""

STUDENT_MARK = "\0"
"""Stands for the name of a student while a path is turned into a pattern: no path contains it."""


class ExchangeReleaseFeedback(Exchange, ABCExchangeReleaseFeedback):  # type: ignore[misc]  # nbgrader ships no types
    def init_src(self) -> None:
        self.course_id, self.assignment_id = self.require_course(), self.coursedir.assignment_id
        self.files = list(self._find_files())

    def _find_files(self) -> Iterator[tuple[str, Path]]:
        """The students who are asked for, each with their feedback files."""
        students = self.coursedir.student_id or "*"
        excluded = set(filter(None, self.coursedir.student_id_exclude.split(",")))
        template = self.coursedir.format_path(
            self.coursedir.feedback_directory, STUDENT_MARK, self.assignment_id
        )
        first = re.escape(template).replace(STUDENT_MARK, "(?P<student>[^/]+)", 1)
        pattern = re.compile(first.replace(STUDENT_MARK, "(?P=student)"))
        for folder in sorted(glob(escape(template).replace(STUDENT_MARK, "*"))):  # noqa: PTH207 - the whole path
            match = pattern.fullmatch(folder)
            if match and fnmatchcase(match["student"], students) and match["student"] not in excluded:
                for file in sorted(Path(folder).glob("*.html")):
                    yield match["student"], file

    def init_dest(self) -> None:
        """The service decides where feedback is kept."""

    def copy_files(self) -> None:
        if not self.files:
            self.log.warning(
                f"{NO_FEEDBACK} for assignment '%s' in %s: there is no %s",
                self.assignment_id,
                self.course_id,
                self._looked_for(),
            )
        failures: dict[str, str] = {}
        for start in range(0, len(self.files), MAX_ITEMS):
            try:
                failures |= self._release(self.files[start : start + MAX_ITEMS])
            except TransferFailed as failure:
                if start == 0:
                    raise
                failures |= {
                    self._fail_one(*entry, str(failure)): str(failure) for entry in self.files[start:]
                }
                break
        if failures:
            self.fail_in_part("Feedback was not released for", failures)

    def _looked_for(self) -> str:
        """Where there are no files, in words of the command."""
        student_id = self.coursedir.student_id or "*"
        path = self.coursedir.format_path(self.coursedir.feedback_directory, student_id, self.assignment_id)
        excluded = self.coursedir.student_id_exclude
        but = f" but for {excluded}, whom student_id_exclude names" if excluded else ""
        return f"{path}/*.html{but}. Run `nbgrader generate_feedback` first"

    def _release(self, chunk: list[tuple[str, Path]]) -> dict[str, str]:
        """Release a batch of files; gives what failed, with the reasons."""
        failures, items, files = {}, [], {}
        for student_id, file in chunk:
            try:
                item = self._item(student_id, file)
            except (TransferFailed, OSError) as failure:
                reason = explain_failure(failure)
                failures[self._fail_one(student_id, file, reason)] = reason
                continue
            items.append(item)
            files[item.id] = (student_id, file)
        if not items:
            return failures
        batch = InitiateUploads("feedback", self.course_id, self.assignment_id, items)
        with ExitStack() as stack:
            bodies = {key: stack.enter_context(file.open("rb")) for key, (_, file) in files.items()}
            outcome = self.transfer.send_all(batch, bodies, self.assignment_id)
        for key, (student_id, file) in files.items():
            result = outcome[key]
            if isinstance(result, TransferFailed):
                failures[self._fail_one(student_id, file, str(result))] = str(result)
            else:
                self._report(student_id, file)
        return failures

    def _item(self, student_id: str, file: Path) -> UploadItem:
        content = file.read_bytes()
        if not content:
            raise TransferFailed(say("feedback-empty"))
        if len(content) > self.max_buffer_size:
            limit = humanize(self.max_buffer_size)
            raise TransferFailed(say("feedback-too-large", size=humanize(len(content)), limit=limit))
        submission_id, submitted_at = submission_of(file.parent)
        return UploadItem(
            id=uuid4(),
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            student_id=student_id,
            notebook_id=file.stem,
            submission_id=submission_id,
            submitted_at=submitted_at,
        )

    def _fail_one(self, student_id: str, file: Path, why: str) -> str:
        self.log.error("Feedback not released: %s %s: %s", student_id, file.stem, why)
        return f"{student_id}/{file.stem}"

    def _report(self, student_id: str, file: Path) -> None:
        self.log.info(
            "Released feedback for student '%s' on assignment '%s/%s/%s'",
            student_id,
            self.course_id,
            self.assignment_id,
            file.stem,
        )


def submission_of(folder: Path) -> tuple[UUID | None, datetime | None]:
    """Which submission the feedback in `folder` is about: its id where collect left one, else its stamp."""
    if submission_id := read_secret(folder):
        return submission_id, None
    stamp = read_stamp(folder)
    if stamp is None:
        raise TransferFailed(say("feedback-of-nothing", folder=folder))
    return None, stamp
